package main

import (
	"context"
	"fmt"
	"math/rand"
	_ "unsafe"

	v1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/kubernetes/fake"
	policyclient "k8s.io/client-go/kubernetes/typed/policy/v1"
	api "k8s.io/kubernetes/pkg/apis/core"
	corev1 "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/kubernetes/pkg/apis/policy"
	podstorage "k8s.io/kubernetes/pkg/registry/core/pod/storage"
)

//go:linkname newEvictionStorage k8s.io/kubernetes/pkg/registry/core/pod/storage.newEvictionStorage
func newEvictionStorage(store rest.StandardStorage, budgets policyclient.PodDisruptionBudgetsGetter) *podstorage.EvictionREST

// Pods of a Deployment on two nodes, by what the eviction API tells apart.
type evictionWorkload struct {
	// Value of the label `app`.
	App      string `json:"app"`
	Replicas int    `json:"replicas"`
	// Not started (phase Pending), started and not ready, ready, by node.
	Bound    [2]int `json:"bound"`
	Starting [2]int `json:"starting"`
	Running  [2]int `json:"running"`
	// Already terminating.
	Terminating [2]int `json:"terminating"`
}

type evictionBudget struct {
	// Labels that it selects; absent for no selector, empty for an empty one.
	Apps []string `json:"apps"`
	// Another namespace than that of the pods.
	Elsewhere    bool `json:"elsewhere"`
	MinAvailable int  `json:"minAvailable"`
	AlwaysAllow  bool `json:"alwaysAllow"`
}

// All pods of a workload in a phase on the first node are to be evicted, one after the other; so many are.
type evictionVector struct {
	Workloads []evictionWorkload `json:"workloads"`
	Budgets   []evictionBudget   `json:"budgets"`
	Target    int                `json:"target"`
	Phase     string             `json:"phase"`
	Granted   int                `json:"granted"`
	// Answers to those that are not granted.
	Refusals map[string]int `json:"refusals"`
}

func evictionVectors(random *rand.Rand, count int) ([]any, error) {
	var vectors []any
	for len(vectors) < count {
		vector := evictionCase(random)
		for states := 0; states < evictionStates; {
			vector.state(random)
			if vector.wanted() == 0 {
				continue
			}
			if err := vector.evict(); err != nil {
				return nil, err
			}
			states++
			vectors = append(vectors, vector)
		}
	}
	return vectors, nil
}

// States of each cluster.
const evictionStates = 8

// Other pods, and which of them are to go.
func (vector *evictionVector) state(random *rand.Rand) {
	some := func() [2]int { return [2]int{pick(random, 0, 0, 1, 2, 3), pick(random, 0, 0, 1, 2)} }
	workloads := []evictionWorkload{}
	for _, one := range vector.Workloads {
		workloads = append(workloads, evictionWorkload{
			App: one.App, Bound: some(), Starting: some(), Running: some(), Terminating: some(), Replicas: between(random, 0, 8),
		})
	}
	vector.Workloads, vector.Target = workloads, random.Intn(len(workloads))
	vector.Phase = pick(random, "bound", "starting", "starting", "running", "running")
	vector.Granted, vector.Refusals = 0, map[string]int{}
}

func evictionCase(random *rand.Rand) evictionVector {
	vector := evictionVector{Workloads: []evictionWorkload{}, Budgets: []evictionBudget{}}
	for range between(random, 1, 2) {
		vector.Workloads = append(vector.Workloads, evictionWorkload{App: pick(random, "web", "web", "db")})
	}
	for range pick(random, 0, 1, 1, 1, 1, 1, 2, 2, 3) {
		vector.Budgets = append(vector.Budgets, evictionBudget{
			Apps:      pick(random, []string{"web"}, []string{"web"}, []string{"db"}, []string{"web", "db"}, []string{}, nil),
			Elsewhere: chance(random, 8), MinAvailable: between(random, 0, 6), AlwaysAllow: chance(random, 35),
		})
	}
	return vector
}

func (vector *evictionVector) wanted() int {
	target := vector.Workloads[vector.Target]
	return map[string]int{"bound": target.Bound[0], "starting": target.Starting[0], "running": target.Running[0]}[vector.Phase]
}

func (budget evictionBudget) selects(workload evictionWorkload) bool {
	if budget.Elsewhere || budget.Apps == nil {
		return false
	}
	selects := len(budget.Apps) == 0
	for _, app := range budget.Apps {
		selects = selects || app == workload.App
	}
	return selects
}

// The budget with the status that the disruption controller gives it.
func (budget evictionBudget) real(number int, workloads []evictionWorkload) *policyv1.PodDisruptionBudget {
	healthy, expected := 0, 0
	for _, workload := range workloads {
		if budget.selects(workload) {
			healthy += workload.Running[0] + workload.Running[1]
			for node := range 2 {
				expected += workload.Bound[node] + workload.Starting[node] + workload.Running[node] + workload.Terminating[node]
			}
		}
	}
	real := &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: fmt.Sprintf("budget-%d", number)},
		Status: policyv1.PodDisruptionBudgetStatus{
			CurrentHealthy: int32(healthy), DesiredHealthy: int32(budget.MinAvailable), ExpectedPods: int32(expected),
		},
	}
	if expected > 0 {
		real.Status.DisruptionsAllowed = int32(max(0, healthy-budget.MinAvailable))
	}
	if budget.Elsewhere {
		real.Namespace = "other"
	}
	if budget.Apps != nil {
		real.Spec.Selector = &metav1.LabelSelector{}
		if len(budget.Apps) > 0 {
			real.Spec.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "app", Operator: "In", Values: budget.Apps}}
		}
	}
	if budget.AlwaysAllow {
		always := policyv1.AlwaysAllow
		real.Spec.UnhealthyPodEvictionPolicy = &always
	}
	return real
}

// The one pod that is evicted next.
type evictionStore struct {
	rest.StandardStorage
	pod     *api.Pod
	deleted bool
}

func (store *evictionStore) Get(context.Context, string, *metav1.GetOptions) (runtime.Object, error) {
	return store.pod.DeepCopy(), nil
}

func (store *evictionStore) Update(ctx context.Context, _ string, info rest.UpdatedObjectInfo, _ rest.ValidateObjectFunc, _ rest.ValidateObjectUpdateFunc, _ bool, _ *metav1.UpdateOptions) (runtime.Object, bool, error) {
	object, err := info.UpdatedObject(ctx, store.pod)
	return object, false, err
}

func (store *evictionStore) Delete(context.Context, string, rest.ValidateObjectFunc, *metav1.DeleteOptions) (runtime.Object, bool, error) {
	store.deleted = true
	return store.pod, true, nil
}

// Evicts the pods.
func (vector *evictionVector) evict() error {
	var budgets []runtime.Object
	for number, budget := range vector.Budgets {
		budgets = append(budgets, budget.real(number, vector.Workloads))
	}
	client := fake.NewSimpleClientset(budgets...)
	for number := range vector.wanted() {
		pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: fmt.Sprintf("pod-%d", number), ResourceVersion: "1",
			Labels: map[string]string{"app": vector.Workloads[vector.Target].App},
		}}
		pod.Status.Phase = v1.PodRunning
		ready := v1.ConditionFalse
		switch vector.Phase {
		case "bound":
			pod.Status.Phase = v1.PodPending
		case "running":
			ready = v1.ConditionTrue
		}
		pod.Status.Conditions = []v1.PodCondition{{Type: v1.PodReady, Status: ready}}
		store := &evictionStore{pod: &api.Pod{}}
		if err := corev1.Convert_v1_Pod_To_core_Pod(pod, store.pod, nil); err != nil {
			return err
		}
		eviction := &policy.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
		answer, err := newEvictionStorage(store, client.PolicyV1()).Create(context.Background(), pod.Name, eviction, nil, &metav1.CreateOptions{})
		status, _ := answer.(*metav1.Status)
		switch {
		case err != nil && !errors.IsTooManyRequests(err):
			return err
		case err != nil:
			vector.Refusals["TooManyRequests"]++
		case status.Status != metav1.StatusSuccess:
			vector.Refusals[fmt.Sprint(status.Code)]++
		default:
			vector.Granted++
		}
		if store.deleted != (err == nil && status.Status == metav1.StatusSuccess) {
			return fmt.Errorf("%s: deleted %v, but %v %v", pod.Name, store.deleted, status, err)
		}
	}
	return nil
}
