package main

import "time"

var jobRunsTwice = faultCase{
	name:   "job-runs-twice",
	title:  "A Job that wants one pod to succeed once runs two, though none failed (c72)",
	source: "kubernetes#130103, #120790",
	fault: "paused watch: the proxy delivers nothing of the Job controller's watch of Jobs, from when the pod runs until a minute after it has " +
		"succeeded",
	failure:      "a second pod of the Job",
	remark:       "they agree, for both releases.",
	needs:        needs{alone: "job-controller"},
	intent:       "runsOnce",
	asked:        question{folder: "cases/c72/broken"},
	askedWithout: question{folder: "cases/c72/broken", flags: []string{"--stall", "0"}},
	run:          runJobRunsTwice,
}

func runJobRunsTwice(c *cluster, isFaulty bool) bool {
	c.addNodes(1)
	c.apply("cases/c72/broken/job.yaml")
	c.untilRunning(1)
	// The controller notes the pod in the Job's status before the watch stalls.
	c.until("the Job has an active pod", func() bool { return c.job().Status.Active == 1 })
	if isFaulty {
		c.rule(c.through, "stall", "watch", "jobs", 0)
	}
	c.kubelets.complete()
	c.until("the pod has succeeded", func() bool { return count(c.pods(), pod.hasEnded) > 0 })
	seen := c.within(time.Minute, func() bool {
		ever, _ := c.seen.ever()
		return ever > 1
	})
	ever, _ := c.seen.ever()
	c.find("pods so far: %d; that succeeded, by the Job: %d", ever, c.job().Status.Succeeded)
	return seen
}

type jobObject struct {
	Status struct{ Active, Succeeded int }
}

func (c *cluster) job() jobObject {
	var own jobObject
	c.must(c.api.get("/apis/batch/v1/namespaces/default/jobs/migrate", &own))
	return own
}
