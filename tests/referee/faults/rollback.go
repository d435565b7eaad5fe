package main

import "time"

var rollback = faultCase{
	name:         "rollback",
	title:        "Rolling back a StatefulSet does not bring back its pods (c83)",
	source:       "kubernetes#67250",
	fault:        "no fault, but an operation that is taken back: a template that no node has room for is applied, and then the one before; without: the fixed manifests of c83",
	failure:      "two minutes after the former manifest was applied again the pod is still not ready",
	intent:       "rollbackRestores",
	asked:        question{folder: "cases/c83/broken"},
	askedWithout: question{folder: "cases/c83/fixed"},
	run:          runRollback,
}

func runRollback(c *cluster, isFaulty bool) bool {
	folder := "cases/c83/fixed/"
	if isFaulty {
		folder = "cases/c83/broken/"
	}
	c.addNodes(1)
	c.apply(folder + "db.yaml")
	c.untilRunning(1)
	c.apply(folder + "typo.yaml")
	c.until("the pod waits for a node", func() bool {
		return count(c.pods(), func(one pod) bool { return one.Status.Phase == "Pending" && one.Spec.NodeName == "" }) == 1
	})
	c.apply(folder + "db.yaml")
	isBack := c.within(2*time.Minute, func() bool { return count(c.pods(), pod.runs) == 1 })
	c.find("pods that run: %d of 1", count(c.pods(), pod.runs))
	return !isBack
}
