package main

import "time"

var daemonPodTwice = faultCase{
	name:         "daemon-pod-twice",
	title:        "A DaemonSet controller that restarts at an API server which lags makes a second pod for a node",
	source:       "kubernetes#54096, #59848",
	fault:        "restart and time travel: the DaemonSet controller " + timeTravel,
	failure:      "two pods of a DaemonSet at once where there is one node",
	remark:       "the model has no late views of this controller, and no lists from caches; see [replicaset-after-restart](#replicaset-after-restart).",
	needs:        needs{alone: "daemonset-controller", lagging: true},
	intent:       "onePodANode",
	asked:        question{folder: daemonFolder, flags: []string{"--crash", "1", "--stall", "1"}},
	askedWithout: question{folder: daemonFolder, flags: []string{"--crash", "1"}},
	run: func(c *cluster, isFaulty bool) bool {
		return c.restartsBehind(daemonFolder+"/agent.yaml", 1, isFaulty)
	},
}

const (
	daemonFolder = "tests/referee/faults/daemon-pod-twice"
	timeTravel   = "has made its pods by way of one API server, is killed, and starts again at a second one, to which etcd's watch " +
		"of pods has delivered nothing since before; without: at a second one that does not lag"
)

// restartsBehind has a controller make pods, and restart at an API server that has not heard of them; says whether there are
// too many pods then.
func (c *cluster) restartsBehind(manifest string, wanted int, isBehind bool) bool {
	c.addNodes(1)
	if isBehind {
		c.rule(c.late, "stall", "watch", "pods", 0)
	}
	c.apply(manifest)
	c.untilRunning(wanted)
	c.end("alone")
	c.sendTo(c.through, c.port+lagging)
	c.start("alone")
	c.note("from here on the controller asks the second API server")
	seen := c.within(90*time.Second, func() bool {
		_, most := c.seen.ever()
		return most > wanted
	})
	ever, most := c.seen.ever()
	c.find("pods so far: %d, at once: %d", ever, most)
	return seen
}
