package main

import "time"

var lostAnswer = faultCase{
	name:   "lost-answer",
	title:  "A pod whose creation is not answered is made once more",
	source: "kubernetes#67662 and its repair",
	fault: "lost answer: the first creation of a pod by the ReplicaSet controller takes effect, and the connection ends before the " +
		"answer",
	failure:      "more than two pods at once of a ReplicaSet of two",
	needs:        needs{alone: "replicaset-controller"},
	asked:        question{folder: "tests/referee/faults/lost-answer", flags: []string{"--api-fault", "1"}},
	askedWithout: question{folder: "tests/referee/faults/lost-answer"},
	run:          runLostAnswer,
}

func runLostAnswer(c *cluster, isFaulty bool) bool {
	c.addNodes(1)
	var lost rule
	if isFaulty {
		lost = c.rule(c.through, "loseAnswer", "create", "pods", 1)
	}
	c.apply("tests/referee/faults/lost-answer/web.yaml")
	if isFaulty {
		c.until("an answer is lost", func() bool { return c.hasFired(c.through, lost) })
	}
	tooMany := func() bool {
		_, most := c.seen.ever()
		return most > 2
	}
	seen := c.within(30*time.Second, tooMany)
	ever, most := c.seen.ever()
	c.find("there have been %d pods, %d at once", ever, most)
	c.untilRunning(2)
	return seen
}
