package main

import "time"

var cutBetweenMarks = faultCase{
	name:   "cut-between-marks",
	title:  "Pods stay Ready on a dead node because the controller manager restarts at the wrong moment (c71)",
	source: "kubernetes#48681, #135205",
	fault: "crash between two writes: the process of the node lifecycle controller has written that the node is Unknown, and tainted " +
		"it, and is killed before a write to a pod gets through (the proxy loses them); then it is started again",
	failure:      "two minutes after the restart a pod of the node is still Ready",
	needs:        needs{alone: "node-lifecycle-controller", managerArgs: "--node-monitor-grace-period 16s"},
	tries:        3,
	intent:       "noReadyPodOnADeadNode",
	asked:        question{folder: "cases/c71/broken"},
	askedWithout: question{folder: "cases/c71/broken", flags: []string{"--crash", "0"}},
	run:          runCutBetweenMarks,
}

func runCutBetweenMarks(c *cluster, isFaulty bool) bool {
	c.addNodes(2)
	c.apply("cases/c71/broken/deploy.yaml")
	c.untilRunning(2)
	var lost rule
	if isFaulty {
		lost = c.rule(c.through, "loseRequest", "write", "pods/status", 0)
	}
	dead, orphan := c.stopNodeOf(c.pods())
	c.until("the node's Ready condition is Unknown", func() bool { return c.node(dead).ready() == "Unknown" })
	c.until("the node is tainted", func() bool { return c.node(dead).evicts() != nil })
	if isFaulty {
		c.until("a write to a pod is lost", func() bool { return c.hasFired(c.through, lost) })
		c.end("alone")
		c.lift(c.through, lost)
		c.start("alone")
	}
	isMarked := c.within(2*time.Minute, func() bool { return !c.pod(orphan.Metadata.UID).isReady() })
	c.find("marked as not ready: %v", isMarked)
	return !isMarked
}
