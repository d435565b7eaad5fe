package main

import "time"

var daemonPodTwice = faultCase{
	name:   "daemon-pod-twice",
	title:  "A DaemonSet controller that restarts at an API server which lags makes a second pod for a node",
	source: "kubernetes#54096, #59848",
	fault: "restart and time travel: the DaemonSet controller has made its pod by way of one API server, is killed, and starts again at a " +
		"second one, to which etcd's watch of pods has delivered nothing since before",
	failure:      "two pods of a DaemonSet at once with one node",
	needs:        needs{alone: "daemonset-controller", lagging: true},
	asked:        question{folder: daemonFolder, flags: []string{"--crash", "1", "--stall", "1"}},
	askedWithout: question{folder: daemonFolder},
	run:          runDaemonPodTwice,
}

const daemonFolder = "tests/referee/faults/daemon-pod-twice"

func runDaemonPodTwice(c *cluster, isFaulty bool) bool {
	c.addNodes(1)
	if isFaulty {
		c.rule(c.late, "stall", "watch", "pods", 0)
	}
	c.apply(daemonFolder + "/agent.yaml")
	c.untilRunning(1)
	// In both runs the controller restarts at the other API server; only in one that one lags.
	c.end("alone")
	c.sendTo(c.through, c.port+11)
	c.start("alone")
	c.note("from here on the controller asks the second API server")
	seen := c.within(90*time.Second, func() bool {
		_, most := c.seen.ever()
		return most > 1
	})
	ever, most := c.seen.ever()
	c.find("there have been %d pods, %d at once", ever, most)
	return seen
}
