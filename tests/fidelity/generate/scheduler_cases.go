package main

import (
	"fmt"
	"math/rand"

	v1 "k8s.io/api/core/v1"
)

// A cluster whose nodes and pods differ in what filters and scores look at.
func schedulerCase(random *rand.Rand) schedulerCluster {
	cluster := schedulerCluster{
		Nodes: []schedulerNode{}, Profile: schedulerProfileCase(random), Workloads: make([]schedulerWorkload, 2), Services: make([]bool, 2),
	}
	alike := schedulerNodeCase(random, 0)
	uniform := chance(random, 40)
	for index := range between(random, 2, 5) {
		node := schedulerNodeCase(random, index)
		if uniform {
			node.Allocatable, node.Pods = alike.Allocatable, alike.Pods
		}
		cluster.Nodes = append(cluster.Nodes, node)
	}
	for index := range cluster.Workloads {
		cluster.Workloads[index] = schedulerWorkloadCase(random, index, len(cluster.Nodes))
		cluster.Services[index] = chance(random, 30)
	}
	if chance(random, 35) {
		cluster.onlyPods(random)
	}
	return cluster
}

// Leaves what lies between pods, so that several nodes stay feasible; few pods a node keep the tables of scores small.
func (cluster *schedulerCluster) onlyPods(random *rand.Rand) {
	for index := range cluster.Nodes {
		node := &cluster.Nodes[index]
		node.Taints, node.Unschedulable, node.Pods = []taint{}, false, 12
	}
	for index := range cluster.Workloads {
		workload := &cluster.Workloads[index]
		workload.Pod.Affinity, workload.Pod.NodeSelector, workload.Fields = nil, map[string]string{}, nil
		workload.Pod.Requests = map[string]int64{"cpu": pick[int64](random, 0, 100)}
		workload.Spread = []spreadConstraint{}
		for len(workload.PodAffinity)+len(workload.PodAntiAffinity)+len(workload.Ports) == 0 {
			schedulerAffinityCase(random, workload)
		}
	}
}

func schedulerNodeCase(random *rand.Rand, index int) schedulerNode {
	node := schedulerNode{
		Name: fmt.Sprintf("n%d", index), Labels: map[string]string{}, Taints: []taint{}, Allocatable: map[string]int64{},
		Pods: pick[int64](random, 0, 1, 3, 110, 110, 110, 110, 110, 110, 110, 110, 110), Unschedulable: chance(random, 8),
	}
	if chance(random, 85) {
		node.Labels[v1.LabelTopologyZone] = pick(random, "a", "a", "b", "c")
	}
	if chance(random, 60) {
		node.Labels["disk"] = pick(random, "a", "b", "7")
	}
	// The kubelet labels each node; an administrator may have overwritten the label.
	node.Labels[v1.LabelHostname] = node.Name
	if chance(random, 3) {
		node.Labels[v1.LabelHostname] = pick(random, "n0", "host")
	}
	for range pick(random, 0, 0, 0, 0, 1, 1, 2, 3) {
		next := taint{
			Key: pick(random, "a", "b", "c"), Value: pick(random, "", "x"),
			Effect: pick(random, "PreferNoSchedule", "PreferNoSchedule", "PreferNoSchedule", "NoSchedule", "NoExecute"),
		}
		unique := true
		for _, other := range node.Taints {
			unique = unique && (other.Key != next.Key || other.Effect != next.Effect)
		}
		if unique {
			node.Taints = append(node.Taints, next)
		}
	}
	amounts := map[string][]int64{
		"cpu": {0, 1000, 2000, 4000, 4000, 3999, 7000}, "memory": {0, 1 << 30, 2 << 30, 4 << 30, 4 << 30, 5000000000},
		"ephemeral-storage": {1 << 30}, "example.com/gpu": {0, 1, 4},
	}
	for _, name := range []string{"cpu", "memory", "ephemeral-storage", "example.com/gpu"} {
		if main := name == "cpu" || name == "memory"; main && chance(random, 97) || chance(random, 30) {
			node.Allocatable[name] = pick(random, amounts[name]...)
		}
	}
	return node
}

func schedulerWorkloadCase(random *rand.Rand, index, nodes int) schedulerWorkload {
	workload := schedulerWorkload{
		Name: [2]string{"web", "db"}[index], Namespace: "default", Preferred: []preference{}, Spread: []spreadConstraint{},
	}
	workload.Labels = map[string]string{"app": pick(random, workload.Name, workload.Name, "shared")}
	if chance(random, 30) {
		workload.Labels["tier"] = "a"
	}
	if index == 1 && chance(random, 12) {
		workload.Namespace = "other"
	}
	workload.Pod = schedulerPodCase(random)
	if chance(random, 8) {
		workload.Fields = []string{fmt.Sprintf("n%d", random.Intn(nodes+1))}
	}
	if chance(random, 45) {
		for range between(random, 1, 3) {
			// Few weights, so that sums tie, and divide with a remainder.
			workload.Preferred = append(workload.Preferred, preference{pick[int32](random, 1, 1, 2, 3, 50, 100), kubeletTerm(random)})
		}
	}
	if chance(random, 65) {
		for range between(random, 1, 3) {
			next := spreadCase(random)
			unique := true
			for _, other := range workload.Spread {
				unique = unique && (other.Key != next.Key || other.Hard != next.Hard)
			}
			if unique {
				workload.Spread = append(workload.Spread, next)
			}
		}
	}
	schedulerAffinityCase(random, &workload)
	return workload
}

func schedulerPodCase(random *rand.Rand) kubeletPod {
	pod := kubeletPod{Requests: map[string]int64{}, NodeSelector: map[string]string{}, Tolerations: []toleration{}}
	amounts := map[string][]int64{
		"cpu": {0, 100, 250, 500, 500, 1000, 1333, 4000}, "memory": {0, 200 << 20, 1 << 28, 1 << 29, 1 << 29, 1 << 30},
		"ephemeral-storage": {0, 1 << 29}, "example.com/gpu": {0, 1, 2},
	}
	for _, name := range []string{"cpu", "memory", "ephemeral-storage", "example.com/gpu"} {
		if main := name == "cpu" || name == "memory"; main && chance(random, 75) || chance(random, 7) {
			pod.Requests[name] = pick(random, amounts[name]...)
		}
	}
	if chance(random, 8) {
		pod.NodeSelector["disk"] = pick(random, "a", "b")
	}
	if chance(random, 15) {
		pod.Affinity = [][]requirement{}
		for range between(random, 1, 2) {
			pod.Affinity = append(pod.Affinity, kubeletTerm(random))
		}
	}
	for range pick(random, 0, 0, 1, 2) {
		one := toleration{
			Key: pick(random, "a", "b", "c", "node.kubernetes.io/unschedulable", ""), Exists: chance(random, 65),
			Value: pick(random, "", "x"), Effect: pick(random, "", "", "PreferNoSchedule", "NoSchedule", "NoExecute"),
		}
		one.Exists = one.Exists || one.Key == ""
		if one.Exists {
			one.Value = ""
		}
		pod.Tolerations = append(pod.Tolerations, one)
	}
	return pod
}

func spreadCase(random *rand.Rand) spreadConstraint {
	in := func(key string, values ...string) requirement { return requirement{key, "In", values} }
	one := spreadConstraint{
		MaxSkew: pick[int32](random, 1, 1, 1, 2, 3, 5), Hard: chance(random, 50),
		Key:            pick(random, v1.LabelTopologyZone, v1.LabelTopologyZone, v1.LabelHostname, v1.LabelHostname, "disk", "rack"),
		HonorsAffinity: chance(random, 70), HonorsTaints: chance(random, 40),
	}
	one.Selector = pick(random,
		[]requirement{in("app", "web")}, []requirement{in("app", "web")}, []requirement{in("app", "db")},
		[]requirement{in("app", "web", "db", "shared")}, []requirement{{"tier", "Exists", []string{}}},
		[]requirement{{"tier", "DoesNotExist", []string{}}, in("app", "web", "shared")},
		[]requirement{{"app", "NotIn", []string{"web"}}}, []requirement{}, nil,
	)
	// Only hard constraints may have it.
	if one.Hard && chance(random, 35) {
		least := pick[int32](random, 1, 2, 3, 4)
		one.MinDomains = &least
	}
	return one
}

// Pods as the nodes' resources allow, often up to the brim; wherever, since nodes change their labels and taints.
func schedulerState(random *rand.Rand, vector *schedulerVector) {
	vector.Next = random.Intn(2)
	full := chance(random, 30)
	vector.There, vector.Terminating = make([][]int, 2), make([][]int, 2)
	for index := range vector.There {
		vector.There[index] = make([]int, len(vector.Cluster.Nodes))
		vector.Terminating[index] = make([]int, len(vector.Cluster.Nodes))
	}
	for place, node := range vector.Cluster.Nodes {
		for range pick(random, 0, 1, 1, 2, 3, 4, 6) {
			index := random.Intn(2)
			if vector.There[index][place] >= schedulerMost {
				continue
			}
			vector.There[index][place]++
			if !vector.holds(node, place) {
				vector.There[index][place]--
			}
		}
		if index := random.Intn(2); full {
			for vector.holds(node, place) && vector.There[index][place] < schedulerMost {
				vector.There[index][place]++
			}
			if !vector.holds(node, place) {
				vector.There[index][place]--
			}
		}
		for index := range vector.There {
			if there := vector.There[index][place]; there > 0 && chance(random, 15) {
				vector.Terminating[index][place] = between(random, 1, there)
			}
		}
	}
}

// Most pods of a workload on a node.
const schedulerMost = 6

func (vector *schedulerVector) holds(node schedulerNode, place int) bool {
	pods, used := int64(0), map[string]int64{}
	for index, workload := range vector.Cluster.Workloads {
		there := int64(vector.There[index][place])
		pods += there
		for name, amount := range workload.Pod.Requests {
			used[name] += there * amount
		}
	}
	for name, amount := range used {
		if amount > node.Allocatable[name] {
			return false
		}
	}
	return pods <= node.Pods
}
