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
	run: func(c *cluster, isFaulty bool) bool {
		c.createTwo("loseAnswer", isFaulty)
		return c.areNotTwo()
	},
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
	run: func(c *cluster, isFaulty bool) bool {
		c.createTwo("loseRequest", isFaulty)
		return c.areNotTwo()
	},
}

var lostAnswerUnseen = faultCase{
	name:   "lost-answer-unseen",
	title:  "A pod whose creation is not answered, and not seen for some seconds, is made once more",
	source: "kubernetes#67662, and what the ReplicaSet controller does after an error",
	fault: "lost answer and paused watch: as lost-answer, and the proxy delivers nothing of the ReplicaSet controller's watch of pods " +
		"from before until ten seconds after",
	failure: lostFailure,
	remark: "the same: the controller takes the error for a pod that is not there, expects nothing, and makes two more within " +
		"milliseconds; in 1.36 as well.",
	needs:        needs{alone: "replicaset-controller"},
	intent:       "twoPods",
	asked:        question{folder: lostFolder, flags: []string{"--api-fault", "1", "--stale", "1"}},
	askedWithout: question{folder: lostFolder, flags: []string{"--stale", "1"}},
	run: func(c *cluster, isFaulty bool) bool {
		// The watch is paused in both runs: by itself that does no harm.
		stalled := c.rule(c.through, "stall", "watch", "pods", 0)
		c.createTwo("loseAnswer", isFaulty)
		c.within(10*time.Second, c.areTooMany)
		c.lift(c.through, stalled)
		return c.areNotTwo()
	},
}

// createTwo has a ReplicaSet make two pods, with a fault at the first one.
func (c *cluster) createTwo(fault string, isFaulty bool) {
	c.addNodes(1)
	lost := rule{Do: fault, Verb: "create", Resource: "pods", Nth: 1}
	c.meeting(lost, isFaulty, "it is lost", func() { c.apply(lostFolder + "/web.yaml") })
}

func (c *cluster) areTooMany() bool {
	_, most := c.seen.ever()
	return most > 2
}

// areNotTwo says whether there are, or have been, too many pods, or too few half a minute later.
func (c *cluster) areNotTwo() bool {
	seen := c.within(30*time.Second, c.areTooMany)
	ever, most := c.seen.ever()
	c.find("pods so far: %d, at once: %d", ever, most)
	return seen || count(c.pods(), pod.runs) != 2
}
