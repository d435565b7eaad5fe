package main

import "time"

// expectations is how long a ReplicaSet controller waits for what it asked for.
const expectations = 5 * time.Minute

var stalledReplicaSet = faultCase{
	name:   "stalled-replicaset",
	title:  "A watch that stalls for five minutes doubles the pods of a ReplicaSet (c70)",
	source: "kubernetes#129795",
	fault: "paused watch: the proxy delivers nothing of the ReplicaSet controller's watch of pods, from before the manifest is " +
		"applied; after five minutes somebody annotates the ReplicaSet",
	failure: "more than three pods of two",
	remark: "the model lets the controller look again as soon as its expectations have ended. The real one looks when something about " +
		"the ReplicaSet changes: in half a minute it did nothing, and at the annotation made two more pods at once.",
	needs:        needs{alone: "replicaset-controller"},
	intent:       "fewPods",
	asked:        question{folder: "cases/c70/broken"},
	askedWithout: question{folder: "cases/c70/broken", flags: []string{"--stall", "0"}},
	run:          runStalledReplicaSet,
}

func runStalledReplicaSet(c *cluster, isFaulty bool) bool {
	c.addNodes(1)
	var stalled rule
	if isFaulty {
		stalled = c.rule(c.through, "stall", "watch", "pods", 0)
	}
	c.apply("cases/c70/broken/deploy.yaml")
	c.untilRunning(2)
	tooMany := func() bool { return count(c.pods(), pod.runs) > 3 }
	// Half a minute more, in which nobody touches the ReplicaSet.
	if c.within(expectations+30*time.Second, tooMany) {
		c.find("more than three pods, without anybody touching the ReplicaSet")
		return true
	}
	c.note("five and a half minutes later there are %d pods", len(c.pods()))
	c.kubectl("annotate", "replicasets", "--all", "touched=yes")
	c.note("the ReplicaSet is annotated")
	seen := c.within(30*time.Second, tooMany)
	c.find("pods that run: %d", count(c.pods(), pod.runs))
	if isFaulty {
		c.lift(c.through, stalled)
		c.untilRunning(2)
	}
	return seen
}
