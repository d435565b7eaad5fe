package main

import "time"

var tolerationBeginsAnew = faultCase{
	name:   "toleration-begins-anew",
	title:  "tolerationSeconds begin anew with each restart, so that pods stay on a dead node for longer",
	source: "kubernetes#108268",
	fault: "restart of a controller: the process of the node lifecycle and taint eviction controllers is killed and started again 20 s after the node " +
		"was tainted, and again 20 s later; pods tolerate that for 30 s",
	failure:      "a pod is deleted more than 60 s after the taint",
	remark:       "no intent speaks of durations: that the pod stays for longer cannot be asked.",
	needs:        needs{alone: "node-lifecycle-controller,taint-eviction-controller", managerArgs: "--node-monitor-grace-period 16s"},
	asked:        question{folder: "tests/referee/faults/toleration-begins-anew", flags: []string{"--crash", "2"}},
	askedWithout: question{folder: "tests/referee/faults/toleration-begins-anew"},
	run:          runTolerationBeginsAnew,
}

func runTolerationBeginsAnew(c *cluster, isFaulty bool) bool {
	c.addNodes(2)
	c.apply("tests/referee/faults/toleration-begins-anew/deploy.yaml")
	c.untilRunning(2)
	dead, lost := c.stopNodeOf(c.pods())
	c.until("the node is tainted", func() bool { return c.node(dead).evicts() != nil })
	tainted := *c.node(dead).evicts()
	if isFaulty {
		for _, after := range []time.Duration{20 * time.Second, 40 * time.Second} {
			time.Sleep(time.Until(tainted.Add(after)))
			c.end("alone")
			c.start("alone")
		}
	}
	goes := func() bool { return c.pod(lost.Metadata.UID).isTerminating() }
	if !c.within(2*time.Minute, goes) {
		c.find("the pod is not deleted within two minutes")
		return true
	}
	after := time.Since(tainted)
	c.find("the pod is deleted %.0f s after the taint", after.Seconds())
	return after > time.Minute
}
