package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"sort"
	"time"
	_ "unsafe"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	_ "k8s.io/kubernetes/pkg/controller/replicaset"
)

// The function by which the ReplicaSet controller chooses its victims.
//
//go:linkname getPodsToDelete k8s.io/kubernetes/pkg/controller/replicaset.getPodsToDelete
func getPodsToDelete(filteredPods, relatedPods []*v1.Pod, diff int) []*v1.Pod

// Pods of a ReplicaSet as counts; by node where it is a list.
type replicaSetPods struct {
	Pending  int   `json:"pending"`
	Bound    []int `json:"bound"`
	Starting []int `json:"starting"`
	Running  []int `json:"running"`
}

// One deleting sync: what is left, over many ages, restarts and names of the pods.
type replicaSetVector struct {
	NotReady []bool           `json:"notReady"`
	Inactive []int            `json:"inactive"`
	Before   replicaSetPods   `json:"before"`
	Surplus  int              `json:"surplus"`
	After    []replicaSetPods `json:"after"`
}

// Orders of the pods tried at least, and after the last new outcome, for one state.
const (
	leastOrders = 40
	quietOrders = 400
	// Pods of one state at most: more have more outcomes than orders can be tried.
	mostPods = 9
)

func replicaSetVectors(random *rand.Rand, count int) ([]any, error) {
	var vectors []any
	for len(vectors) < count {
		state := replicaSetState(random)
		total := state.Before.total()
		if total == 0 || total > mostPods {
			continue
		}
		state.Surplus = between(random, 1, total)
		if chance(random, 60) {
			state.Surplus = between(random, 1, (total+1)/2)
		}
		state.After = replicaSetOutcomes(random, state)
		vectors = append(vectors, state)
	}
	return vectors, nil
}

// A state with many ties: few pods, often several on one node and in one phase, often as many on each node.
func replicaSetState(random *rand.Rand) replicaSetVector {
	nodes := between(random, 1, 4)
	most, even := pick(random, 1, 1, 2, 2, 3), chance(random, 50)
	counts := func(percent int) []int {
		list := make([]int, nodes)
		for node := range list {
			switch {
			case even && chance(random, 85):
				list[node] = list[0]
				if node == 0 && chance(random, percent) {
					list[node] = pick(random, 1, 1, 2)
				}
			case chance(random, percent):
				list[node] = between(random, 1, most)
			}
		}
		return list
	}
	state := replicaSetVector{NotReady: make([]bool, nodes), Inactive: make([]int, nodes)}
	for node := range state.NotReady {
		state.NotReady[node] = chance(random, 12)
	}
	if chance(random, 30) {
		state.Inactive = counts(40)
	}
	state.Before = replicaSetPods{Bound: counts(12), Starting: counts(20), Running: counts(80)}
	if chance(random, 30) {
		state.Before.Pending = between(random, 1, 2)
	}
	return state
}

func (pods replicaSetPods) total() int {
	sum := pods.Pending
	for node := range pods.Running {
		sum += pods.Bound[node] + pods.Starting[node] + pods.Running[node]
	}
	return sum
}

// Every projection that some order of the hidden attributes leads to.
func replicaSetOutcomes(random *rand.Rand, state replicaSetVector) []replicaSetPods {
	seen := map[string]replicaSetPods{}
	for quiet, tries := 0, 0; tries < leastOrders || quiet < quietOrders; tries++ {
		after := replicaSetSync(random, state)
		text, _ := json.Marshal(after)
		if _, known := seen[string(text)]; known {
			quiet++
		} else {
			seen[string(text)], quiet = after, 0
		}
		if state.Surplus == state.Before.total() {
			break
		}
	}
	keys := make([]string, 0, len(seen))
	for key := range seen {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	outcomes := make([]replicaSetPods, len(keys))
	for index, key := range keys {
		outcomes[index] = seen[key]
	}
	return outcomes
}

// One sync with random ages, restarts and names.
func replicaSetSync(random *rand.Rand, state replicaSetVector) replicaSetPods {
	var pods, related []*v1.Pod
	now := time.Now()
	place := map[types.UID]*int{}
	after := replicaSetPods{
		Pending:  state.Before.Pending,
		Bound:    append([]int{}, state.Before.Bound...),
		Starting: append([]int{}, state.Before.Starting...),
		Running:  append([]int{}, state.Before.Running...),
	}
	add := func(count *int, number, node int, phase v1.PodPhase, ready bool) {
		for range number {
			pod := replicaSetPod(random, now, node, phase, ready)
			pods, related = append(pods, pod), append(related, pod)
			place[pod.UID] = count
		}
	}
	add(&after.Pending, state.Before.Pending, -1, v1.PodPending, false)
	for node := range state.NotReady {
		add(&after.Bound[node], state.Before.Bound[node], node, v1.PodPending, false)
		add(&after.Starting[node], state.Before.Starting[node], node, v1.PodRunning, false)
		add(&after.Running[node], state.Before.Running[node], node, v1.PodRunning, !state.NotReady[node])
		for range state.Inactive[node] {
			pod := replicaSetPod(random, now, node, v1.PodRunning, true)
			if chance(random, 50) {
				pod.Status.Phase = v1.PodFailed
			} else {
				pod.DeletionTimestamp = &metav1.Time{Time: time.Now()}
			}
			related = append(related, pod)
		}
	}
	random.Shuffle(len(pods), func(i, j int) { pods[i], pods[j] = pods[j], pods[i] })
	for _, victim := range getPodsToDelete(pods, related, state.Surplus) {
		*place[victim.UID]--
	}
	return after
}

func replicaSetPod(random *rand.Rand, now time.Time, node int, phase v1.PodPhase, ready bool) *v1.Pod {
	// Ages in one bucket of the logarithm and in different ones, and few enough of them to be equal at times.
	age := func() metav1.Time {
		return metav1.NewTime(now.Add(-time.Minute * time.Duration(pick(random, 5, 5, 6, 60, 61, 500, 4000))))
	}
	status := v1.ConditionFalse
	if ready {
		status = v1.ConditionTrue
	}
	pod := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			UID:               types.UID(fmt.Sprintf("%016x", random.Uint64())),
			CreationTimestamp: age(),
		},
		Status: v1.PodStatus{
			Phase:             phase,
			Conditions:        []v1.PodCondition{{Type: v1.PodReady, Status: status, LastTransitionTime: age()}},
			ContainerStatuses: []v1.ContainerStatus{{RestartCount: int32(pick(random, 0, 0, 1, 3))}},
		},
	}
	if node >= 0 {
		pod.Spec.NodeName = fmt.Sprintf("node-%d", node)
	}
	return pod
}
