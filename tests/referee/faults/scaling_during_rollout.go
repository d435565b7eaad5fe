package main

import "time"

var scalingDuringRollout = faultCase{
	name:   "scaling-during-rollout",
	title:  "A Deployment that is scaled down in the first moment of a rollout never completes it",
	source: "kubernetes#102551 (open)",
	fault: "crash between two writes: the old ReplicaSet is scaled from 3 to 2, nothing after that takes effect, and the process of " +
		"the Deployment controller is killed; the Deployment is scaled to 2 before it is started again",
	failure: "two minutes later no pod is of the new template",
	remark: "under `--timing paced` it holds, with `--crash 1` too: in the model a process that has crashed is back before anybody " +
		"does anything. Under the others it is a controller that is late, and needs no crash.",
	needs:        needs{alone: "deployment-controller"},
	intent:       "rolloutCompletes",
	asked:        question{folder: scalingFolder, flags: []string{"--crash", "1"}},
	askedWithout: question{folder: scalingFolder, flags: []string{"--timing", "paced"}},
	run:          runScalingDuringRollout,
}

const scalingFolder = "tests/referee/faults/scaling-during-rollout"

func runScalingDuringRollout(c *cluster, isFaulty bool) bool {
	c.addNodes(2)
	c.apply(scalingFolder + "/deploy.yaml")
	c.untilRunning(3)
	old := c.replicaSets()[0].Metadata.Name
	var cut rule
	if isFaulty {
		cut = c.rule(c.through, "cut", "update", "replicasets", 1)
	}
	c.kubectl("rollout", "restart", "deployment/web")
	c.until("the old ReplicaSet is scaled down", func() bool { return c.scaled("replicasets/"+old).Spec.Replicas < 3 })
	if isFaulty {
		c.end("alone")
	}
	c.kubectl("scale", "deployment/web", "--replicas", "2")
	if isFaulty {
		c.lift(c.through, cut)
		c.start("alone")
	}
	isOver := c.within(2*time.Minute, func() bool { return c.scaled("deployments/web").isRolledOut() })
	c.find("pods of the new template: %d of 2", c.scaled("deployments/web").Status.UpdatedReplicas)
	return !isOver
}
