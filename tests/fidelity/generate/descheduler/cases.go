package main

import (
	"fmt"
	"math/rand"

	v1 "k8s.io/api/core/v1"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/removepodsviolatingnodeaffinity"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/removepodsviolatingnodetaints"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/removepodsviolatingtopologyspreadconstraint"
)

// Returns one of the values.
func pick[T any](random *rand.Rand, values ...T) T {
	return values[random.Intn(len(values))]
}

// Is true in percent out of a hundred cases.
func chance(random *rand.Rand, percent int) bool {
	return random.Intn(100) < percent
}

// Returns a value of low..=high.
func between(random *rand.Rand, low, high int) int {
	return low + random.Intn(high-low+1)
}

func in(key string, values ...string) requirement {
	return requirement{key, "In", values}
}

func clusterCase(random *rand.Rand, plugin string) cluster {
	inputs := cluster{Nodes: []node{}, Policy: policyCase(random, plugin)}
	nodes := pick(random, 2, 2, 3, 3, 3, 4, 4)
	if plugin == removepodsviolatingtopologyspreadconstraint.PluginName {
		nodes = pick(random, 2, 3, 3, 3, 4, 4)
	}
	for index := range nodes {
		inputs.Nodes = append(inputs.Nodes, nodeCase(random, index, plugin))
	}
	for index := range inputs.Workloads {
		inputs.Workloads[index] = workloadCase(random, index, plugin)
	}
	if plugin == removepodsviolatingtopologyspreadconstraint.PluginName {
		spreadCase(random, &inputs)
	}
	return inputs
}

func nodeCase(random *rand.Rand, index int, plugin string) node {
	one := node{
		Name: fmt.Sprintf("n%d", index), Labels: map[string]string{}, Taints: []taint{},
		Pods: pick[int64](random, 1, 3, 110, 110, 110, 110, 110, 110, 110, 110, 110), Unschedulable: chance(random, 8),
		Allocatable: map[string]int64{"memory": 16 << 30},
	}
	if chance(random, 95) {
		one.Allocatable["cpu"] = pick[int64](random, 0, 1999, 2000, 4000, 16000, 16000, 16000, 16000, 16000, 16000, 16000, 16000)
	}
	one.Labels[v1.LabelHostname] = one.Name
	if chance(random, 90) {
		one.Labels[v1.LabelTopologyZone] = pick(random, "a", "a", "b", "c")
	}
	if plugin == removepodsviolatingtopologyspreadconstraint.PluginName && chance(random, 60) {
		one.Labels[v1.LabelTopologyZone] = []string{"a", "b", "c", "a"}[index]
	}
	if chance(random, 65) {
		one.Labels["disk"] = pick(random, "a", "b", "7")
	}
	taints := pick(random, 0, 0, 0, 0, 0, 1)
	if plugin == removepodsviolatingnodetaints.PluginName {
		taints = pick(random, 0, 1, 1, 2)
	}
	for range taints {
		next := taint{
			Key: pick(random, "a", "b"), Value: pick(random, "", "x", "y"),
			Effect: pick(random, "PreferNoSchedule", "NoSchedule", "NoSchedule", "NoExecute"),
		}
		unique := true
		for _, other := range one.Taints {
			unique = unique && (other.Key != next.Key || other.Effect != next.Effect)
		}
		if unique {
			one.Taints = append(one.Taints, next)
		}
	}
	return one
}

func workloadCase(random *rand.Rand, index int, plugin string) workload {
	one := workload{
		Name: [2]string{"web", "db"}[index], Namespace: "default", Preferred: []preference{}, Spread: []spreadConstraint{},
		Priority: pick[int32](random, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000, 999, 2000000000, 1999999999), LocalStorage: chance(random, 3),
		Claims: chance(random, 5), Evict: chance(random, 6),
	}
	one.Labels = map[string]string{"app": pick(random, one.Name, one.Name, one.Name, "shared")}
	if index == 1 && chance(random, 15) {
		one.Namespace = "other"
	}
	one.Pod = podNeeds{NodeSelector: map[string]string{}, Tolerations: []toleration{}}
	one.Pod.Requests = map[string]int64{"memory": pick[int64](random, 0, 1<<28)}
	if chance(random, 80) {
		one.Pod.Requests["cpu"] = pick[int64](random, 0, 100, 100, 500, 500, 1000, 2000)
	}
	byAffinity := plugin == removepodsviolatingnodeaffinity.PluginName
	if chance(random, 12) {
		one.Pod.NodeSelector["disk"] = pick(random, "a", "b")
	}
	if chance(random, 18) || byAffinity && chance(random, 50) {
		for range between(random, 1, 2) {
			one.Pod.Affinity = append(one.Pod.Affinity, termCase(random))
		}
	}
	if chance(random, 10) || byAffinity && chance(random, 60) {
		for range between(random, 1, 3) {
			one.Preferred = append(one.Preferred, preference{pick[int32](random, 1, 1, 2, 50, 100), termCase(random)})
		}
	}
	if chance(random, 12) {
		one.PodAntiAffinity = []podTerm{{
			Key:      pick(random, v1.LabelHostname, v1.LabelTopologyZone),
			Selector: pick(random, []requirement{in("app", "web")}, []requirement{in("app", "db")}, []requirement{in("app", "web", "db", "shared")}),
		}}
	}
	for range pick(random, 0, 0, 1, 2) {
		next := toleration{
			Key: pick(random, "a", "b", v1.TaintNodeUnschedulable, ""), Exists: chance(random, 50),
			Value: pick(random, "", "x"), Effect: pick(random, "", "PreferNoSchedule", "NoSchedule", "NoExecute"),
		}
		next.Exists = next.Exists || next.Key == ""
		if next.Exists {
			next.Value = ""
		}
		one.Pod.Tolerations = append(one.Pod.Tolerations, next)
	}
	return one
}

func termCase(random *rand.Rand) []requirement {
	next := requirement{
		Key: pick(random, v1.LabelTopologyZone, "disk", "disk", v1.LabelHostname), Operator: pick(random, "In", "In", "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"),
		Values: []string{},
	}
	switch next.Operator {
	case "In", "NotIn":
		next.Values = pick(random, []string{"a"}, []string{"b", "n1"}, []string{"a", "n2"}, []string{"7", "n0"}, []string{"n1", "n2"})
	case "Gt", "Lt":
		next.Values = pick(random, []string{"6"}, []string{"7"}, []string{"8"})
	}
	return []requirement{next}
}

// One constraint in each namespace: on one workload or, alike, on both.
func spreadCase(random *rand.Rand, inputs *cluster) {
	one := spreadConstraint{
		MaxSkew: pick[int32](random, 1, 1, 1, 1, 2, 3), Hard: chance(random, 85),
		Key:            pick(random, v1.LabelTopologyZone, v1.LabelTopologyZone, v1.LabelHostname, v1.LabelHostname, v1.LabelHostname, v1.LabelHostname, "disk"),
		HonorsAffinity: chance(random, 70), HonorsTaints: chance(random, 40),
		Selector: pick(random,
			[]requirement{in("app", "web", "db", "shared")}, []requirement{in("app", "web", "shared")}, []requirement{in("app", "web")},
			[]requirement{in("app", "web", "db", "shared")}, []requirement{in("app", "web", "shared")},
			[]requirement{{"app", "NotIn", []string{"db"}}}, []requirement{}, nil),
	}
	if one.Hard && chance(random, 15) {
		least := pick[int32](random, 2, 4)
		one.MinDomains = &least
	}
	web, db := &inputs.Workloads[0], &inputs.Workloads[1]
	web.Spread = append(web.Spread, one)
	if chance(random, 45) {
		db.Spread = append(db.Spread, one)
		// What nodes count for must be the same for both, else there are two constraints.
		if one.HonorsAffinity && web.Namespace == db.Namespace {
			db.Pod.Affinity, db.Pod.NodeSelector = web.Pod.Affinity, web.Pod.NodeSelector
		}
		if one.HonorsTaints && web.Namespace == db.Namespace {
			db.Pod.Tolerations = web.Pod.Tolerations
		}
	}
}

func policyCase(random *rand.Rand, plugin string) policy {
	one := policy{
		Plugin: plugin, IncludePreferences: chance(random, 35), TopologyBalanceFit: chance(random, 65),
		Required: chance(random, 65), ExcludedTaints: []string{}, ExcludeOwnerKinds: []string{},
		Constraints: pick(random, []string{"DoNotSchedule"}, []string{"DoNotSchedule"}, []string{"DoNotSchedule"},
			[]string{"DoNotSchedule", "ScheduleAnyway"}, []string{"DoNotSchedule", "ScheduleAnyway"}, []string{"ScheduleAnyway"}),
		Evictor: evictor{
			EvictLocalStoragePods: chance(random, 30), EvictSystemCriticalPods: chance(random, 20), IgnorePvcPods: chance(random, 40),
			MinReplicas: pick[uint](random, 0, 0, 0, 0, 0, 1, 2, 3, 5), NodeFit: chance(random, 35),
		},
	}
	one.Preferred = !one.Required || chance(random, 50)
	if chance(random, 12) {
		threshold := pick[int32](random, 0, 1, 1000, 1000, 2000000000)
		one.Evictor.PriorityThreshold = &threshold
	}
	if chance(random, 8) {
		one.Evictor.Selector = pick(random, []requirement{in("app", "web")}, []requirement{{"app", "NotIn", []string{"shared"}}})
	}
	if chance(random, 15) {
		one.Selector = pick(random, []requirement{in("app", "web", "shared")}, []requirement{{"app", "NotIn", []string{"db"}}})
	}
	switch random.Intn(16) {
	case 0:
		one.Include = []string{pick(random, "default", "other")}
	case 1:
		one.Exclude = []string{pick(random, "default", "other", "other")}
	}
	if chance(random, 6) {
		one.ExcludeOwnerKinds = pick(random, []string{"ReplicaSet"}, []string{"Job"})
	}
	if chance(random, 35) {
		one.ExcludedTaints = pick(random, []string{"a"}, []string{"a=x"}, []string{"b", "a=y"}, []string{"c"})
	}
	limitsCase(random, &one)
	return one
}

func limitsCase(random *rand.Rand, one *policy) {
	// Between its two kinds of affinity the plugin reads pods again: whether evicted ones are gone is a race.
	if one.Plugin == removepodsviolatingnodeaffinity.PluginName && one.Required && one.Preferred {
		return
	}
	for _, limit := range []**uint{&one.MaxPerNode, &one.MaxPerNamespace, &one.MaxTotal} {
		if chance(random, 8) {
			most := pick[uint](random, 0, 1, 1, 2, 3)
			*limit = &most
		}
	}
}

// Most pods of a workload in one phase on a node.
const mostPods = 6

// Pods wherever they have room, often up to the brim, since nodes change their labels and taints; at least two nodes are
// ready, else there is no pass.
func stateCase(random *rand.Rand, inputs *cluster) state {
	now := state{NotReady: make([]bool, len(inputs.Nodes))}
	ready := len(inputs.Nodes)
	for place := range inputs.Nodes {
		if ready > 2 && chance(random, 12) {
			now.NotReady[place] = true
			ready--
		}
	}
	for index := range inputs.Workloads {
		now.Active[index] = make([]int, len(inputs.Nodes))
		now.Terminating[index] = make([]int, len(inputs.Nodes))
		now.Pending[index] = pick(random, 0, 0, 0, 1, 2)
	}
	first, skewed := random.Intn(2), chance(random, 55)
	for place, there := range inputs.Nodes {
		for _, index := range []int{first, 1 - first} {
			active := pick(random, 0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 5, mostPods)
			if skewed && place == 0 {
				active = mostPods
			}
			terminating := 0
			// Annotated pods would be evicted again.
			if !inputs.Workloads[index].Evict && chance(random, 15) {
				terminating = between(random, 1, 2)
			}
			for _, counts := range []struct {
				there []int
				most  int
			}{{now.Active[index], active}, {now.Terminating[index], terminating}} {
				for range counts.most {
					counts.there[place]++
					if !inputs.holds(now, there, place) {
						counts.there[place]--
					}
				}
			}
		}
	}
	return now
}

func (inputs *cluster) holds(now state, one node, place int) bool {
	pods, used := int64(0), map[string]int64{}
	for index, workload := range inputs.Workloads {
		there := int64(now.Active[index][place] + now.Terminating[index][place])
		pods += there
		for name, amount := range workload.Pod.Requests {
			used[name] += there * amount
		}
	}
	for name, amount := range used {
		if amount > one.Allocatable[name] {
			return false
		}
	}
	return pods <= one.Pods
}
