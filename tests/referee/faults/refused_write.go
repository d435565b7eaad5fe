package main

import "time"

var refusedWrite = faultCase{
	name:         "refused-write",
	title:        "A rollout goes on after one of its writes was refused",
	source:       "a control: nothing is known to break",
	fault:        "conflict: the first write of the Deployment controller to a ReplicaSet in a rollout is answered with 409, and has no effect",
	failure:      "a minute later the rollout is not complete",
	needs:        needs{alone: "deployment-controller"},
	intent:       "rolloutCompletes",
	asked:        question{folder: refusedFolder, flags: []string{"--conflict", "1"}},
	askedWithout: question{folder: refusedFolder},
	run:          runRefusedWrite,
}

const refusedFolder = "tests/referee/faults/refused-write"

func runRefusedWrite(c *cluster, isFaulty bool) bool {
	c.addNodes(2)
	c.apply(refusedFolder + "/deploy.yaml")
	c.untilRunning(3)
	refused := rule{Do: "conflict", Verb: "update", Resource: "replicasets", Nth: 1}
	c.meeting(refused, isFaulty, "a write is refused", func() { c.kubectl("rollout", "restart", "deployment/web") })
	isOver := c.within(time.Minute, func() bool { return c.scaled("deployments/web").isRolledOut() })
	c.find("pods of the new template: %d of 3", c.scaled("deployments/web").Status.UpdatedReplicas)
	return !isOver
}
