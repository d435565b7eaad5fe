package main

import "time"

const (
	autoscalerFolder = "tests/referee/faults/autoscaler-forgets"
	stepDownTwice    = "two pods fewer within a minute, where the policy allows one in 300 s"
	noRates          = "no intent speaks of replicas per time: that the second step comes early cannot be asked."
)

var autoscalerNeeds = needs{
	alone: "horizontal-pod-autoscaler-controller", metrics: true,
	managerArgs: "--horizontal-pod-autoscaler-sync-period 2s --horizontal-pod-autoscaler-cpu-initialization-period 0s " +
		"--horizontal-pod-autoscaler-initial-readiness-delay 0s",
}

var autoscalerForgets = faultCase{
	name:         "autoscaler-forgets",
	title:        "An autoscaler that may take away one pod in five minutes takes one more with each restart",
	source:       "kubernetes#68826",
	fault:        "restart of a controller: the process of the HPA controller is killed and started again after its first step down",
	failure:      stepDownTwice,
	remark:       noRates,
	needs:        autoscalerNeeds,
	asked:        question{folder: autoscalerFolder, flags: []string{"--crash", "1"}},
	askedWithout: question{folder: autoscalerFolder},
	run: func(c *cluster, isFaulty bool) bool {
		c.startIdle()
		c.untilThree()
		if isFaulty {
			c.end("alone")
			c.start("alone")
		}
		return c.fallsBelowThree()
	},
}

var autoscalerUnrecorded = faultCase{
	name:         "autoscaler-unrecorded",
	title:        "An autoscaler that may take away one pod in five minutes takes two if it is not told that the first one went",
	source:       "the order of requests and notes in the HPA controller",
	fault:        "lost answer: the first write of the HPA controller to the scale takes effect, and the connection ends before the answer",
	failure:      stepDownTwice,
	remark:       noRates,
	needs:        autoscalerNeeds,
	asked:        question{folder: autoscalerFolder, flags: []string{"--api-fault", "1"}},
	askedWithout: question{folder: autoscalerFolder},
	run: func(c *cluster, isFaulty bool) bool {
		if isFaulty {
			c.rule(c.through, "loseAnswer", "update", "deployments/scale", 1)
		}
		c.startIdle()
		c.untilThree()
		return c.fallsBelowThree()
	},
}

// startIdle makes four pods that use little, and an autoscaler.
func (c *cluster) startIdle() {
	c.addNodes(2)
	c.kubectl("create", "configmap", "usage", "--from-literal=web=10m")
	c.apply(autoscalerFolder + "/deploy.yaml")
	c.untilRunning(4)
	c.apply(autoscalerFolder + "/hpa.yaml")
}

func (c *cluster) wanted() int { return c.scaled("deployments/web").Spec.Replicas }

func (c *cluster) untilThree() {
	c.until("spec.replicas is 3 or less", func() bool { return c.wanted() <= 3 })
}

func (c *cluster) fallsBelowThree() bool {
	seen := c.within(time.Minute, func() bool { return c.wanted() < 3 })
	c.find("spec.replicas is %d", c.wanted())
	return seen
}
