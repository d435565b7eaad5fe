package main

import "time"

const (
	lostFolder  = "tests/referee/faults/lost-answer"
	lostFailure = "other than two pods half a minute later, or more than two at any moment"
)

var lostAnswer = faultCase{
	name:   "lost-answer",
	title:  "A pod whose creation is not answered is made once more",
	source: "kubernetes#67662 and its repair",
	fault: "lost answer: the first creation of a pod by the ReplicaSet controller takes effect, and the connection ends before the " +
		"answer",
	failure:      lostFailure,
	needs:        needs{alone: "replicaset-controller"},
	intent:       "twoPods",
	asked:        question{folder: lostFolder, flags: []string{"--api-fault", "1"}},
	askedWithout: question{folder: lostFolder},
	run:          func(c *cluster, isFaulty bool) bool { return c.createsTwo("loseAnswer", isFaulty) },
}

var lostRequest = faultCase{
	name:         "lost-request",
	title:        "A pod whose creation is lost is never made",
	source:       "kubernetes#67662, repaired in 1.18",
	fault:        "lost request: the connection ends before the first creation of a pod by the ReplicaSet controller takes effect",
	failure:      lostFailure,
	needs:        needs{alone: "replicaset-controller"},
	intent:       "settlesAtTwo",
	asked:        question{folder: lostFolder, flags: []string{"--api-fault", "1"}},
	askedWithout: question{folder: lostFolder},
	run:          func(c *cluster, isFaulty bool) bool { return c.createsTwo("loseRequest", isFaulty) },
}

// createsTwo has a ReplicaSet make two pods, with a fault at the first one; says whether it does not.
func (c *cluster) createsTwo(fault string, isFaulty bool) bool {
	c.addNodes(1)
	var lost rule
	if isFaulty {
		lost = c.rule(c.through, fault, "create", "pods", 1)
	}
	c.apply(lostFolder + "/web.yaml")
	if isFaulty {
		c.until("it is lost", func() bool { return c.hasFired(c.through, lost) })
	}
	seen := c.within(30*time.Second, func() bool {
		_, most := c.seen.ever()
		return most > 2
	})
	ever, most := c.seen.ever()
	c.find("there have been %d pods, %d at once", ever, most)
	return seen || count(c.pods(), pod.runs) != 2
}
