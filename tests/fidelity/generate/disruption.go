package main

import (
	"context"
	"fmt"
	"math/rand"
	"time"
	_ "unsafe"

	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/pkg/controller/disruption"
	clocktesting "k8s.io/utils/clock/testing"
)

// The arithmetic of a PodDisruptionBudget's status.
//
//go:linkname trySync k8s.io/kubernetes/pkg/controller/disruption.(*DisruptionController).trySync
func trySync(controller *disruption.DisruptionController, ctx context.Context, budget *policy.PodDisruptionBudget) error

// Pods of one Deployment that a budget selects, by state.
type disruptionWorkload struct {
	Replicas    int32 `json:"replicas"`
	Ready       int   `json:"ready"`
	Unready     int   `json:"unready"`
	Terminating int   `json:"terminating"`
	// Ready pods whose eviction was granted less, and more, than two minutes ago.
	Disrupted      int `json:"disrupted"`
	StaleDisrupted int `json:"staleDisrupted"`
}

type disruptionVector struct {
	// Exactly one of the two, a number or a percentage.
	MinAvailable       *string              `json:"minAvailable"`
	MaxUnavailable     *string              `json:"maxUnavailable"`
	Workloads          []disruptionWorkload `json:"workloads"`
	CurrentHealthy     int32                `json:"currentHealthy"`
	DesiredHealthy     int32                `json:"desiredHealthy"`
	ExpectedPods       int32                `json:"expectedPods"`
	DisruptionsAllowed int32                `json:"disruptionsAllowed"`
}

type disruptionHarness struct {
	controller                *disruption.DisruptionController
	pods, replicaSets, owners cache.Indexer
	clock                     *clocktesting.FakeClock
	status                    policy.PodDisruptionBudgetStatus
}

func disruptionVectors(random *rand.Rand, count int) ([]any, error) {
	harness := newDisruptionHarness()
	var vectors []any
	for index := range count {
		vector := disruptionCase(random)
		if err := harness.sync(fmt.Sprintf("n%d", index), &vector); err != nil {
			return nil, err
		}
		vectors = append(vectors, vector)
	}
	return vectors, nil
}

func disruptionCase(random *rand.Rand) disruptionVector {
	vector := disruptionVector{Workloads: []disruptionWorkload{}}
	amount := pick(random, "0", "1", "1", "2", "3", "5", "0%", "1%", "25%", "33%", "34%", "50%", "50%", "67%", "99%", "100%")
	if chance(random, 50) {
		vector.MinAvailable = &amount
	} else {
		vector.MaxUnavailable = &amount
	}
	for range pick(random, 0, 1, 1, 1, 1, 2) {
		one := disruptionWorkload{Replicas: int32(pick(random, 0, 1, 1, 2, 3, 3, 4, 7, 10))}
		left := int(one.Replicas) + pick(random, 0, 0, 0, 1, -1)
		take := func(percent int) int {
			if left <= 0 || !chance(random, percent) {
				return 0
			}
			number := between(random, 1, left)
			left -= number
			return number
		}
		one.Unready = take(35)
		one.Disrupted = take(15)
		one.StaleDisrupted = take(10)
		one.Ready = max(left, 0)
		if chance(random, 25) {
			one.Terminating = between(random, 1, 2)
		}
		vector.Workloads = append(vector.Workloads, one)
	}
	return vector
}

func newDisruptionHarness() *disruptionHarness {
	client := fake.NewSimpleClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	pods, budgets := factory.Core().V1().Pods(), factory.Policy().V1().PodDisruptionBudgets()
	replicaSets, deployments := factory.Apps().V1().ReplicaSets(), factory.Apps().V1().Deployments()
	clock := clocktesting.NewFakeClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	harness := &disruptionHarness{
		pods: pods.Informer().GetIndexer(), replicaSets: replicaSets.Informer().GetIndexer(),
		owners: deployments.Informer().GetIndexer(), clock: clock,
	}
	harness.controller = disruption.NewDisruptionControllerInternal(
		context.Background(), pods, budgets, factory.Core().V1().ReplicationControllers(), replicaSets, deployments,
		factory.Apps().V1().StatefulSets(), client, nil, nil, client.Discovery(), clock, 2*time.Minute,
	)
	client.PrependReactor("update", "poddisruptionbudgets", func(action testing.Action) (bool, runtime.Object, error) {
		object := action.(testing.UpdateAction).GetObject()
		harness.status = object.(*policy.PodDisruptionBudget).Status
		return true, object, nil
	})
	return harness
}

func (harness *disruptionHarness) sync(namespace string, vector *disruptionVector) error {
	labels := map[string]string{"app": "web"}
	budget := &policy.PodDisruptionBudget{
		// A generation that the status has not observed: the status is written in any case.
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "budget", Generation: 1},
		Spec:       policy.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}},
		Status:     policy.PodDisruptionBudgetStatus{DisruptedPods: map[string]metav1.Time{}},
	}
	parse := func(text *string) *intstr.IntOrString {
		if text == nil {
			return nil
		}
		value := intstr.Parse(*text)
		return &value
	}
	budget.Spec.MinAvailable, budget.Spec.MaxUnavailable = parse(vector.MinAvailable), parse(vector.MaxUnavailable)
	for index, workload := range vector.Workloads {
		owner := fmt.Sprintf("web-%d", index)
		controller := true
		uid := types.UID(namespace + owner)
		deployment := &apps.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: owner, UID: uid}}
		deployment.Spec.Replicas = &workload.Replicas
		set := &apps.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: owner, UID: uid + "-rs",
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "Deployment", Name: owner, UID: uid, Controller: &controller,
			}},
		}}
		// Only the Deployment's replicas count.
		unused := workload.Replicas + 1
		set.Spec.Replicas = &unused
		if err := harness.owners.Add(deployment); err != nil {
			return err
		}
		if err := harness.replicaSets.Add(set); err != nil {
			return err
		}
		number := 0
		add := func(count int, change func(*v1.Pod)) error {
			for range count {
				number++
				pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{
					Namespace: namespace, Name: fmt.Sprintf("%s-%d", owner, number), Labels: labels,
					OwnerReferences: []metav1.OwnerReference{{
						APIVersion: "apps/v1", Kind: "ReplicaSet", Name: owner, UID: set.UID, Controller: &controller,
					}},
				}}
				pod.Status.Conditions = []v1.PodCondition{{Type: v1.PodReady, Status: v1.ConditionTrue}}
				change(pod)
				if err := harness.pods.Add(pod); err != nil {
					return err
				}
			}
			return nil
		}
		now := harness.clock.Now()
		disrupted := func(age time.Duration) func(*v1.Pod) {
			return func(pod *v1.Pod) { budget.Status.DisruptedPods[pod.Name] = metav1.NewTime(now.Add(-age)) }
		}
		for _, step := range []struct {
			count  int
			change func(*v1.Pod)
		}{
			{workload.Ready, func(*v1.Pod) {}},
			{workload.Unready, func(pod *v1.Pod) { pod.Status.Conditions[0].Status = v1.ConditionFalse }},
			{workload.Terminating, func(pod *v1.Pod) { pod.DeletionTimestamp = &metav1.Time{Time: now} }},
			{workload.Disrupted, disrupted(time.Minute)},
			{workload.StaleDisrupted, disrupted(3 * time.Minute)},
		} {
			if err := add(step.count, step.change); err != nil {
				return err
			}
		}
	}
	if err := trySync(harness.controller, context.Background(), budget); err != nil {
		return err
	}
	vector.CurrentHealthy = harness.status.CurrentHealthy
	vector.DesiredHealthy = harness.status.DesiredHealthy
	vector.ExpectedPods = harness.status.ExpectedPods
	vector.DisruptionsAllowed = harness.status.DisruptionsAllowed
	return nil
}
