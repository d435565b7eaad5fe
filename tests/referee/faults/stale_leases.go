package main

import (
	"fmt"
	"time"
)

var staleLeases = faultCase{
	name:   "stale-leases",
	title:  "A watch of leases that stalls makes healthy nodes unready, and their pods are evicted",
	source: "kubernetes PR 138698, #84931",
	fault: "paused watch: the proxy delivers nothing of the node lifecycle controller's watch of leases; nodes go on renewing them, " +
		"and count as stopped after 16 s",
	failure:      "a pod is deleted while the lease of its node, read from the API server, is younger than ten seconds",
	needs:        needs{alone: "node-lifecycle-controller", managerArgs: "--node-monitor-grace-period 16s", leases: true},
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
	var lost pod
	seen := c.within(90*time.Second, func() bool {
		for _, one := range c.pods() {
			if one.isTerminating() && c.ageOfLease(one.Spec.NodeName) < 10*time.Second {
				lost = one
			}
		}
		return lost.Metadata.Name != ""
	})
	if seen {
		on := lost.Spec.NodeName
		c.find("%s is deleted; %s is Ready=%s, its lease %.0f s old", lost.Metadata.Name, on, c.node(on).ready(),
			c.ageOfLease(on).Seconds())
	}
	if !seen {
		c.find("no pod is deleted, nodes are Ready=%s", c.node("worker-0").ready())
	}
	return seen
}

func (c *cluster) ageOfLease(node string) time.Duration {
	var lease struct{ Spec struct{ RenewTime time.Time } }
	c.must(c.api.get(fmt.Sprintf("%s/%s", leasesPath, node), &lease))
	return time.Since(lease.Spec.RenewTime)
}
