package main

import "time"

var cutBetweenMarks = faultCase{
	name:   "cut-between-marks",
	title:  "Pods stay Ready on a dead node because the controller manager restarts at the wrong moment (c71)",
	source: "kubernetes#48681, #135205",
	fault: "crash between two writes: the write of the node's status takes effect, nothing after it does, and the process of the " +
		"node lifecycle controller is killed and started again",
	failure:      "two minutes after the restart a pod of the node, which is tainted, is still Ready",
	needs:        needs{alone: "node-lifecycle-controller", managerArgs: "--node-monitor-grace-period 16s"},
	asked:        question{folder: "cases/c71/broken"},
	askedWithout: question{folder: "cases/c71/broken", flags: []string{"--crash", "0"}},
	run:          runCutBetweenMarks,
}

func runCutBetweenMarks(c *cluster, isFaulty bool) bool {
	c.addNodes(2)
	c.apply("cases/c71/broken/deploy.yaml")
	c.untilRunning(2)
	var cut rule
	if isFaulty {
		cut = c.rule(c.through, "cut", "write", "nodes/status", 1)
	}
	dead, lost := c.stopNodeOf(c.pods())
	c.until("the node's Ready condition is Unknown", func() bool { return c.node(dead).ready() == "Unknown" })
	if isFaulty {
		c.end("alone")
		c.lift(c.through, cut)
		c.start("alone")
	}
	c.until("the node is tainted", func() bool { return c.node(dead).evicts() != nil })
	isMarked := c.within(2*time.Minute, func() bool { return !c.pod(lost.Metadata.UID).isReady() })
	c.find("marked as not ready: %v", isMarked)
	return !isMarked
}
