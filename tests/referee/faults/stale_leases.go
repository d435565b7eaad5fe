package main

import (
	"fmt"
	"time"
)

var staleLeases = faultCase{
	name:   "stale-leases",
	title:  "A watch of leases that stalls makes all healthy nodes unready, and their pods with them",
	source: "kubernetes PR 138698, #84931",
	fault: "paused watch: the proxy delivers nothing of the node lifecycle controller's watch of leases; nodes go on renewing them, " +
		"and count as stopped after 16 s",
	failure: "no pod is Ready, while the leases of all nodes, read from the API server, are younger than ten seconds (kubelets " +
		"that are not played would say again that their pods are ready)",
	remark: "`kubound faults` says of this controller that what it does on a late view is not modelled. `verify --stall 1` does not " +
		"say so: its verdict is `holds`, `assuming faults: stall at most once, of any controller`.",
	needs:        needs{alone: "node-lifecycle-controller", managerArgs: "--node-monitor-grace-period 16s", leases: true},
	intent:       "nodesStayReady",
	asked:        question{folder: "tests/referee/faults/stale-leases", flags: []string{"--stall", "1"}},
	askedWithout: question{folder: "tests/referee/faults/stale-leases"},
	run:          runStaleLeases,
}

func runStaleLeases(c *cluster, isFaulty bool) bool {
	c.addNodes(2)
	c.apply("tests/referee/faults/stale-leases/deploy.yaml")
	c.untilRunning(2)
	if isFaulty {
		c.rule(c.through, "stall", "watch", "leases", 0)
	}
	seen := c.within(90*time.Second, func() bool {
		return count(c.pods(), pod.isReady) == 0 && c.areLeasesFresh()
	})
	c.find("pods that are Ready: %d of 2; nodes are Ready=%s, their leases %.0f and %.0f s old", count(c.pods(), pod.isReady),
		c.node("worker-0").ready(), c.ageOfLease("worker-0").Seconds(), c.ageOfLease("worker-1").Seconds())
	return seen
}

func (c *cluster) areLeasesFresh() bool {
	return max(c.ageOfLease("worker-0"), c.ageOfLease("worker-1")) < 10*time.Second
}

func (c *cluster) ageOfLease(node string) time.Duration {
	var lease struct{ Spec struct{ RenewTime time.Time } }
	c.must(c.api.get(fmt.Sprintf("%s/%s", leasesPath, node), &lease))
	return time.Since(lease.Spec.RenewTime)
}
