package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"sort"
	"time"

	v1 "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/feature"
	"k8s.io/kubernetes/pkg/scheduler/framework/preemption"
)

type preemptionWorkload struct {
	schedulerWorkload
	Priority int32 `json:"priority"`
	// preemptionPolicy: Never.
	Never bool `json:"never"`
}

// A budget of the pods with a label; without one its selector is empty.
type preemptionBudget struct {
	App          string `json:"app"`
	MinAvailable int    `json:"minAvailable"`
}

type preemptionCluster struct {
	Nodes     []schedulerNode      `json:"nodes"`
	Workloads []preemptionWorkload `json:"workloads"`
	Budgets   []preemptionBudget   `json:"budgets"`
}

// What becomes of a pod that fits nowhere.
type preemptionVector struct {
	Cluster *preemptionCluster `json:"cluster"`
	// Pods on the nodes, terminating ones included, and pods nominated to them, by workload, by node.
	There       [][]int `json:"there"`
	Terminating [][]int `json:"terminating"`
	Nominated   [][]int `json:"nominated"`
	Next        int     `json:"next"`
	// All outcomes over many start times.
	Outcomes []preemptionOutcome `json:"outcomes"`
}

// The node that is nominated, and how many pods that are not terminating yet are preempted there, by workload.
type preemptionOutcome struct {
	Node    string `json:"node"`
	Victims []int  `json:"victims"`
}

// States of each cluster.
const preemptionStates = 16

// So many start times that bring nothing new end the search for outcomes.
const preemptionTries = 40

func preemptionVectors(random *rand.Rand, count int) ([]any, error) {
	var vectors []any
	for len(vectors) < count {
		cluster := preemptionCase(random)
		plain := schedulerCluster{
			Nodes: cluster.Nodes, Services: make([]bool, len(cluster.Workloads)),
			Profile: schedulerProfile{Strategy: "LeastAllocated", Resources: []weighted{{"cpu", 1}, {"memory", 1}}, Balanced: []string{"cpu", "memory"}},
		}
		for _, workload := range cluster.Workloads {
			plain.Workloads = append(plain.Workloads, workload.schedulerWorkload)
		}
		harness, err := newPreemptionHarness(&plain)
		if err != nil {
			return nil, err
		}
		for states, tries := 0, 0; states < preemptionStates && tries < 8*preemptionStates; tries++ {
			vector := preemptionVector{Cluster: &cluster}
			preemptionState(random, &vector)
			fits, err := harness.collect(random, &vector)
			if err != nil {
				return nil, err
			}
			if fits || len(vector.Outcomes) == 0 && !chance(random, 20) {
				continue
			}
			states++
			vectors = append(vectors, vector)
		}
		harness.cancel()
	}
	return vectors, nil
}

func preemptionCase(random *rand.Rand) preemptionCluster {
	cluster := preemptionCluster{Nodes: []schedulerNode{}, Workloads: []preemptionWorkload{}, Budgets: []preemptionBudget{}}
	for index := range between(random, 1, 4) {
		node := schedulerNodeCase(random, index)
		// Mostly what leaves room for preemption.
		if chance(random, 80) {
			node.Taints, node.Unschedulable = []taint{}, false
		}
		node.Allocatable = map[string]int64{"cpu": pick[int64](random, 2000, 3000, 4000, 4000), "memory": pick[int64](random, 2<<30, 4<<30)}
		node.Pods = pick[int64](random, 2, 4, 110, 110, 110)
		cluster.Nodes = append(cluster.Nodes, node)
	}
	names := []string{"web", "db", "job"}
	priorities := []int32{0, 10, 100}
	if chance(random, 50) {
		priorities = pick(random, []int32{0, 0, 100}, []int32{-10, 0, 5}, []int32{0, 100, 100}, []int32{7, 7, 7}, []int32{0, 1999999999, 2000000000}, []int32{-2147483648, 0, 1000})
	}
	random.Shuffle(len(priorities), func(i, j int) { priorities[i], priorities[j] = priorities[j], priorities[i] })
	for index, name := range names {
		workload := preemptionWorkload{
			schedulerWorkload: schedulerWorkload{Name: name, Namespace: "default", Preferred: []preference{}, Spread: []spreadConstraint{}},
			Priority:          priorities[index], Never: chance(random, 5),
		}
		workload.Labels = map[string]string{"app": pick(random, name, name, name, "shared")}
		workload.Pod = kubeletPod{Requests: map[string]int64{}, NodeSelector: map[string]string{}, Tolerations: []toleration{}}
		workload.Pod.Requests["cpu"] = pick[int64](random, 0, 500, 500, 1000, 1000, 1500, 2000)
		if chance(random, 50) {
			workload.Pod.Requests["memory"] = pick[int64](random, 1<<29, 1<<30, 3<<29)
		}
		if chance(random, 10) {
			workload.Pod.Affinity = [][]requirement{kubeletTerm(random)}
		}
		if chance(random, 20) {
			workload.preemptionTerms(random)
		}
		cluster.Workloads = append(cluster.Workloads, workload)
	}
	for range pick(random, 0, 0, 1, 1, 2) {
		cluster.Budgets = append(cluster.Budgets, preemptionBudget{pick(random, "web", "db", "job", "shared", "shared", ""), between(random, 0, 5)})
	}
	return cluster
}

// What only the rules between pods see: hard constraints, required terms, ports.
func (workload *preemptionWorkload) preemptionTerms(random *rand.Rand) {
	required := func(percent int) (terms []podTerm) {
		if chance(random, percent) {
			terms = append(terms, podTermCase(random))
		}
		return terms
	}
	workload.PodAffinity, workload.PodAntiAffinity = required(20), required(40)
	if constraint := spreadCase(random); chance(random, 50) && (constraint.Selector == nil || len(constraint.Selector) > 0) {
		constraint.Hard = true
		workload.Spread = append(workload.Spread, constraint)
	}
	if chance(random, 30) {
		workload.Ports = []hostPort{{"", "TCP", 80}}
	}
}

// Full nodes, and pods nominated to some of them.
func preemptionState(random *rand.Rand, vector *preemptionVector) {
	workloads := vector.Cluster.Workloads
	vector.Next = random.Intn(len(workloads))
	// Mostly one that may preempt something.
	for _, other := range workloads {
		if other.Priority > workloads[vector.Next].Priority && chance(random, 60) {
			vector.Next = random.Intn(len(workloads))
		}
	}
	grid := func() [][]int {
		rows := make([][]int, len(workloads))
		for index := range rows {
			rows[index] = make([]int, len(vector.Cluster.Nodes))
		}
		return rows
	}
	vector.There, vector.Terminating, vector.Nominated = grid(), grid(), grid()
	for place, node := range vector.Cluster.Nodes {
		for range pick(random, 2, 6, 12, 12) {
			index := random.Intn(len(workloads))
			if vector.There[index][place] < schedulerMost {
				vector.There[index][place]++
				if !vector.holds(node, place) {
					vector.There[index][place]--
				}
			}
		}
		for index := range workloads {
			if there := vector.There[index][place]; there > 0 && chance(random, 15) {
				vector.Terminating[index][place] = between(random, 1, there)
			}
			if chance(random, 6) && vector.mayPreempt(index) {
				vector.Nominated[index][place] = 1
			}
		}
	}
}

// Whether pods of a workload may be nominated: some have a lower priority.
func (vector *preemptionVector) mayPreempt(index int) bool {
	one := vector.Cluster.Workloads[index]
	for _, other := range vector.Cluster.Workloads {
		if other.Priority < one.Priority && !one.Never {
			return true
		}
	}
	return false
}

func (vector *preemptionVector) holds(node schedulerNode, place int) bool {
	pods, used, ports := int64(0), map[string]int64{}, int64(0)
	for index, workload := range vector.Cluster.Workloads {
		there := int64(vector.There[index][place])
		pods += there
		ports += there * int64(len(workload.Ports))
		for name, amount := range workload.Pod.Requests {
			used[name] += there * amount
		}
	}
	for name, amount := range used {
		if amount > node.Allocatable[name] {
			return false
		}
	}
	// They all want the same port.
	return pods <= node.Pods && ports <= 1
}

type preemptionHarness struct {
	*schedulerHarness
	plugin *defaultpreemption.DefaultPreemption
	// The victims of the last preemption.
	victims []*v1.Pod
}

func newPreemptionHarness(cluster *schedulerCluster) (*preemptionHarness, error) {
	base, err := newSchedulerHarness(cluster)
	if err != nil {
		return nil, err
	}
	harness := &preemptionHarness{schedulerHarness: base}
	defaults, err := latest.Default()
	if err != nil {
		return nil, err
	}
	for _, one := range defaults.Profiles[0].PluginConfig {
		if one.Name == defaultpreemption.Name {
			plugin, err := defaultpreemption.New(context.Background(), one.Args, base.framework, feature.Features{})
			if err != nil {
				return nil, err
			}
			harness.plugin = plugin.(*defaultpreemption.DefaultPreemption)
		}
	}
	harness.plugin.Evaluator.PreemptPod = func(_ context.Context, _ preemption.Candidate, _, victim *v1.Pod, _ string) error {
		harness.victims = append(harness.victims, victim)
		return nil
	}
	return harness, nil
}

func (workload preemptionWorkload) real(name, node string, terminating bool) *v1.Pod {
	pod := workload.schedulerWorkload.real(name, node, terminating)
	pod.Spec.Priority = &workload.Priority
	if workload.Never {
		never := v1.PreemptNever
		pod.Spec.PreemptionPolicy = &never
	}
	return pod
}

// Pods on the nodes, started in some order, and those nominated, by node.
func (vector *preemptionVector) pods(random *rand.Rand) ([]*v1.Pod, nominator) {
	var pods []*v1.Pod
	nominated := nominator{}
	for index, workload := range vector.Cluster.Workloads {
		for place, node := range vector.Cluster.Nodes {
			for copy := range vector.There[index][place] {
				name := fmt.Sprintf("%s-%s-%d", workload.Name, node.Name, copy)
				pods = append(pods, workload.real(name, node.Name, copy < vector.Terminating[index][place]))
			}
			for copy := range vector.Nominated[index][place] {
				pod := workload.real(fmt.Sprintf("%s-%s-nominated-%d", workload.Name, node.Name, copy), "", false)
				pod.Status.NominatedNodeName = node.Name
				info, _ := framework.NewPodInfo(pod)
				nominated[node.Name] = append(nominated[node.Name], info)
			}
		}
	}
	epoch := time.Unix(1_700_000_000, 0)
	for place, index := range random.Perm(len(pods)) {
		started := metav1.NewTime(epoch.Add(time.Duration(place) * time.Second))
		pods[index].Status.StartTime = &started
	}
	return pods, nominated
}

// Budgets with the status that the disruption controller gives them.
func (vector *preemptionVector) budgets() []*policy.PodDisruptionBudget {
	var budgets []*policy.PodDisruptionBudget
	for number, one := range vector.Cluster.Budgets {
		healthy := 0
		for index, workload := range vector.Cluster.Workloads {
			if one.App == "" || workload.Labels["app"] == one.App {
				for place := range vector.Cluster.Nodes {
					healthy += vector.There[index][place] - vector.Terminating[index][place]
				}
			}
		}
		selector := &metav1.LabelSelector{}
		if one.App != "" {
			selector.MatchLabels = map[string]string{"app": one.App}
		}
		budget := &policy.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprintf("budget-%d", number)},
			Spec:       policy.PodDisruptionBudgetSpec{Selector: selector},
			Status:     policy.PodDisruptionBudgetStatus{DisruptionsAllowed: int32(max(0, healthy-one.MinAvailable))},
		}
		budgets = append(budgets, budget)
	}
	return budgets
}

// What the filters say of a pod; whether some node passes.
func (harness *preemptionHarness) filter(ctx context.Context, state *framework.CycleState, pod *v1.Pod, infos []*framework.NodeInfo) (*framework.NodeToStatus, bool, error) {
	statuses := framework.NewDefaultNodeToStatus()
	narrowed, status, _ := harness.framework.RunPreFilterPlugins(ctx, state, pod)
	if !status.IsSuccess() {
		if !status.IsRejected() {
			return nil, false, status.AsError()
		}
		statuses.SetAbsentNodesStatus(status)
		return statuses, false, nil
	}
	fits := false
	for _, info := range infos {
		if narrowed.AllNodes() || narrowed.NodeNames.Has(info.Node().Name) {
			status := harness.framework.RunFilterPluginsWithNominatedPods(ctx, state, pod, info)
			if !status.IsSuccess() && !status.IsRejected() {
				return nil, false, status.AsError()
			}
			fits = fits || status.IsSuccess()
			if !status.IsSuccess() {
				statuses.Set(info.Node().Name, status)
			}
		}
	}
	return statuses, fits, nil
}

// Collects what happens over many start times; says whether the pod fits somewhere, so that nothing is preempted.
func (harness *preemptionHarness) collect(random *rand.Rand, vector *preemptionVector) (bool, error) {
	vector.Outcomes = []preemptionOutcome{}
	known := map[string]bool{}
	for idle := 0; idle < preemptionTries; idle++ {
		outcome, fits, err := harness.preempt(random, vector)
		if err != nil || fits {
			return fits, err
		}
		if outcome == nil {
			return false, nil
		}
		text, err := json.Marshal(outcome)
		if err != nil {
			return false, err
		}
		if !known[string(text)] {
			known[string(text)], idle = true, 0
			vector.Outcomes = append(vector.Outcomes, *outcome)
		}
	}
	sort.Slice(vector.Outcomes, func(i, j int) bool {
		return fmt.Sprint(vector.Outcomes[i]) < fmt.Sprint(vector.Outcomes[j])
	})
	return false, nil
}

// Runs a cycle up to preemption.
func (harness *preemptionHarness) preempt(random *rand.Rand, vector *preemptionVector) (*preemptionOutcome, bool, error) {
	ctx := context.Background()
	pods, nominated := vector.pods(random)
	infos := harness.snapshot(pods)
	clear(harness.nominator)
	for node, infos := range nominated {
		harness.nominator[node] = infos
	}
	// A nominated pod of a higher priority comes first, and does something unless it waits for its victims.
	priority := vector.Cluster.Workloads[vector.Next].Priority
	for _, info := range infos {
		for _, other := range nominated[info.Node().Name] {
			if *other.Pod.Spec.Priority <= priority {
				continue
			}
			waits := false
			for _, there := range info.Pods {
				waits = waits || there.Pod.DeletionTimestamp != nil && *there.Pod.Spec.Priority < *other.Pod.Spec.Priority
			}
			statuses, fits, err := harness.filter(ctx, framework.NewCycleState(), other.Pod, infos)
			if err != nil {
				return nil, false, err
			}
			if hopeless := statuses.Get(info.Node().Name).Code() == framework.UnschedulableAndUnresolvable; fits || hopeless || !waits {
				return nil, true, nil
			}
		}
	}
	pod := vector.Cluster.Workloads[vector.Next].real("next", "", false)
	known := harness.informers.Core().V1().Pods().Informer().GetIndexer()
	budgets := harness.informers.Policy().V1().PodDisruptionBudgets().Informer().GetIndexer()
	if err := known.Replace([]any{pod}, ""); err != nil {
		return nil, false, err
	}
	var list []any
	for _, budget := range vector.budgets() {
		list = append(list, budget)
	}
	if err := budgets.Replace(list, ""); err != nil {
		return nil, false, err
	}
	state := framework.NewCycleState()
	statuses, fits, err := harness.filter(ctx, state, pod, infos)
	if err != nil || fits {
		return nil, fits, err
	}
	harness.victims = nil
	result, status := harness.plugin.PostFilter(ctx, state, pod, statuses)
	if !status.IsSuccess() {
		if !status.IsRejected() {
			return nil, false, status.AsError()
		}
		return nil, false, nil
	}
	outcome := &preemptionOutcome{Node: result.NominatedNodeName, Victims: make([]int, len(vector.Cluster.Workloads))}
	for _, victim := range harness.victims {
		for index, workload := range vector.Cluster.Workloads {
			if victim.OwnerReferences[0].Name == workload.Name && victim.DeletionTimestamp == nil {
				outcome.Victims[index]++
			}
		}
	}
	return outcome, false, nil
}
