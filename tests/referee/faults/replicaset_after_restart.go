package main

const afterRestartFolder = "tests/referee/faults/replicaset-after-restart"

var replicaSetAfterRestart = faultCase{
	name:    "replicaset-after-restart",
	title:   "A ReplicaSet controller that restarts at an API server which lags doubles the pods at once",
	source:  "kubernetes#59848",
	fault:   "restart and time travel: the ReplicaSet controller " + timeTravel,
	failure: "more than two pods at once of a ReplicaSet of two",
	remark: "in the model a process that starts lists pods as they are. Before 1.35 (gate WatchListClient) it takes them from the cache " +
		"of an API server, which may be behind; from then on it waits until that has caught up.",
	needs:        needs{alone: "replicaset-controller", lagging: true},
	intent:       "twoPods",
	asked:        question{folder: afterRestartFolder, flags: []string{"--crash", "1", "--stale", "1"}},
	askedWithout: question{folder: afterRestartFolder, flags: []string{"--crash", "1"}},
	run: func(c *cluster, isFaulty bool) bool {
		return c.restartsBehind(afterRestartFolder+"/web.yaml", 2, isFaulty)
	},
}
