package main

import "time"

var autoscalerForgets = faultCase{
	name:    "autoscaler-forgets",
	title:   "An autoscaler that may take away one pod in five minutes takes one more with each restart",
	source:  "kubernetes#68826",
	fault:   "restart of a controller: the process of the HPA controller is killed and started again after its first step down",
	failure: "two pods fewer within a minute, where the policy allows one in 300 s",
	needs: needs{
		alone: "horizontal-pod-autoscaler-controller", metrics: true,
		managerArgs: "--horizontal-pod-autoscaler-sync-period 2s --horizontal-pod-autoscaler-cpu-initialization-period 0s " +
			"--horizontal-pod-autoscaler-initial-readiness-delay 0s",
	},
	asked:        question{folder: "tests/referee/faults/autoscaler-forgets", flags: []string{"--crash", "1"}},
	askedWithout: question{folder: "tests/referee/faults/autoscaler-forgets"},
	run:          runAutoscalerForgets,
}

func runAutoscalerForgets(c *cluster, isFaulty bool) bool {
	c.addNodes(2)
	c.kubectl("create", "configmap", "usage", "--from-literal=web=10m")
	c.apply("tests/referee/faults/autoscaler-forgets/deploy.yaml")
	c.untilRunning(4)
	c.apply("tests/referee/faults/autoscaler-forgets/hpa.yaml")
	c.until("spec.replicas is 3", func() bool { return c.scaled("deployments/web").Spec.Replicas == 3 })
	if isFaulty {
		c.end("alone")
		c.start("alone")
	}
	seen := c.within(time.Minute, func() bool { return c.scaled("deployments/web").Spec.Replicas < 3 })
	c.find("spec.replicas is %d", c.scaled("deployments/web").Spec.Replicas)
	return seen
}
