package main

import "time"

var cutBetweenMarks = faultCase{
	name:   "cut-between-marks",
	title:  "Pods stay Ready on a dead node because the controller manager restarts at the wrong moment (c71)",
	source: "kubernetes#48681, #135205",
	fault: "crash between two writes: the process of the node lifecycle controller has written that the node is Unknown, and tainted " +
		"it, and is killed before a write to a pod gets through (the proxy loses them); then it is started again",
	failure: "two minutes after the restart a pod of the node is still Ready",
	remark: "they agree. The new process takes the taint off the node first; meanwhile it goes through all pods, knows nothing about " +
		"their nodes yet, and leaves them alone.",
	needs:        cutNeeds,
	tries:        3,
	intent:       cutIntent,
	asked:        question{folder: cutFolder},
	askedWithout: question{folder: cutFolder, flags: []string{"--crash", "0"}},
	run: func(c *cluster, isFaulty bool) bool {
		orphan, dead, lost := c.loseNode(isFaulty, "loseRequest", "pods/status", 0)
		c.until("the node is tainted", func() bool { return c.node(dead).evicts() != nil })
		return c.staysReady(orphan, isFaulty, lost)
	},
}

var cutBeforeTaint = faultCase{
	name:   "cut-before-taint",
	title:  "The same, where the process restarts a moment earlier",
	source: "kubernetes#48681",
	fault: "crash between two writes: the write of the node's status takes effect, nothing after it does (so that the node has no " +
		"taint), and the process of the node lifecycle controller is killed and started again",
	failure: "two minutes after the restart a pod of the node is still Ready",
	remark: "the model lets it happen, and it does, but not each time: the new process goes through all pods when it starts, and " +
		"marks those whose nodes it knows by then.",
	needs:        cutNeeds,
	tries:        6,
	intent:       cutIntent,
	asked:        question{folder: cutFolder},
	askedWithout: question{folder: cutFolder, flags: []string{"--crash", "0"}},
	run: func(c *cluster, isFaulty bool) bool {
		orphan, _, cut := c.loseNode(isFaulty, "cut", "nodes/status", 1)
		return c.staysReady(orphan, isFaulty, cut)
	},
}

const (
	cutFolder = "cases/c71/broken"
	cutIntent = "noReadyPodOnADeadNode"
)

var cutNeeds = needs{alone: "node-lifecycle-controller", managerArgs: "--node-monitor-grace-period 16s"}

// loseNode stops a node with a pod, and has the proxy do something to writes; returns the pod, the node and the rule.
func (c *cluster) loseNode(isFaulty bool, do, resource string, nth int) (pod, string, rule) {
	c.addNodes(2)
	c.apply(cutFolder + "/deploy.yaml")
	c.untilRunning(2)
	var fault rule
	if isFaulty {
		fault = c.rule(c.through, do, "write", resource, nth)
	}
	dead, orphan := c.stopNodeOf(c.pods())
	c.until("the node's Ready condition is Unknown", func() bool { return c.node(dead).ready() == "Unknown" })
	return orphan, dead, fault
}

// staysReady restarts the process, once the proxy has done its part, and says whether the pod is not marked.
func (c *cluster) staysReady(orphan pod, isFaulty bool, fault rule) bool {
	if isFaulty {
		c.until("the proxy has done so", func() bool { return c.hasFired(c.through, fault) })
		c.end("alone")
		c.lift(c.through, fault)
		c.start("alone")
	}
	isMarked := c.within(2*time.Minute, func() bool { return !c.pod(orphan.Metadata.UID).isReady() })
	c.find("marked as not ready: %v", isMarked)
	return !isMarked
}
