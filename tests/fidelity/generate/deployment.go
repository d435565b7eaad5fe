package main

import (
	"context"
	"fmt"
	"math/rand"
	"sort"
	"strconv"
	"time"
	_ "unsafe"

	apps "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/deployment/util"
)

// One sync of a Deployment.
//
//go:linkname syncDeployment k8s.io/kubernetes/pkg/controller/deployment.(*DeploymentController).syncDeployment
func syncDeployment(controller *deployment.DeploymentController, ctx context.Context, key string) error

// A ReplicaSet of a Deployment; the list goes from the oldest to the newest.
type deploymentRevision struct {
	Replicas int32 `json:"replicas"`
	// Pods that exist, and available ones, as the status says.
	StatusReplicas int32 `json:"statusReplicas"`
	Available      int32 `json:"available"`
	// The annotations of the last sync.
	DesiredReplicas int32 `json:"desiredReplicas"`
	MaxReplicas     int32 `json:"maxReplicas"`
}

// One sync: the replicas of every ReplicaSet afterwards.
type deploymentVector struct {
	Strategy       string               `json:"strategy"`
	MaxSurge       string               `json:"maxSurge"`
	MaxUnavailable string               `json:"maxUnavailable"`
	Replicas       int32                `json:"replicas"`
	Revisions      []deploymentRevision `json:"revisions"`
	// Index of the revision with the present template; -1 if there is none yet.
	New int `json:"new"`
	// What the fenceposts come to.
	Surge       int32 `json:"surge"`
	Unavailable int32 `json:"unavailable"`
	// Replicas by revision after the sync; one more if a ReplicaSet was created.
	After []int32 `json:"after"`
}

type deploymentHarness struct {
	controller        *deployment.DeploymentController
	deployments, sets cache.Indexer
	after             map[string]int32
	created           *int32
}

func deploymentVectors(random *rand.Rand, count int) ([]any, error) {
	harness, err := newDeploymentHarness()
	if err != nil {
		return nil, err
	}
	var vectors []any
	for index := range count {
		vector := deploymentCase(random)
		if err := harness.sync(fmt.Sprintf("n%d", index), &vector); err != nil {
			return nil, err
		}
		vectors = append(vectors, vector)
	}
	return vectors, nil
}

func deploymentCase(random *rand.Rand) deploymentVector {
	vector := deploymentVector{
		Strategy:       pick(random, "RollingUpdate", "RollingUpdate", "RollingUpdate", "RollingUpdate", "Recreate"),
		MaxSurge:       pick(random, "25%", "25%", "0", "1", "2", "0%", "1%", "30%", "50%", "100%", "200%"),
		MaxUnavailable: pick(random, "25%", "25%", "0", "1", "2", "0%", "1%", "33%", "34%", "50%", "100%"),
		Replicas:       int32(pick(random, 0, 1, 1, 2, 3, 3, 4, 5, 7, 8, 10, 10, 13, 20)),
	}
	// The API server refuses two zeroes.
	if vector.MaxSurge[0] == '0' && vector.MaxUnavailable[0] == '0' {
		vector.MaxUnavailable = "1"
	}
	before := vector.Replicas
	if chance(random, 35) {
		before = int32(pick(random, 0, 1, 2, 3, 4, 5, 8, 10, 12))
	}
	old := pick(random, 0, 0, 1, 1, 1, 1, 2, 3)
	for index := range old + 1 {
		newest := index == old
		one := deploymentRevision{DesiredReplicas: before}
		most := int(before) + 3
		if !newest && index < old-1 {
			most = max(most/3, 1)
		}
		one.Replicas = int32(between(random, 0, most))
		if old == 0 || chance(random, 15) {
			one.Replicas = before
		}
		one.Available = int32(between(random, 0, int(one.Replicas)))
		if chance(random, 55) {
			one.Available = one.Replicas
		}
		one.StatusReplicas = one.Replicas
		if one.Replicas == 0 && chance(random, 20) {
			one.StatusReplicas = 1
		}
		vector.Revisions = append(vector.Revisions, one)
	}
	vector.New = old
	if chance(random, 15) {
		// The template was changed just now, or back to an older revision.
		vector.New = between(random, -1, old)
	}
	surge, _ := fenceposts(vector, before)
	for index := range vector.Revisions {
		vector.Revisions[index].MaxReplicas = before + surge
		if chance(random, 10) {
			vector.Revisions[index].MaxReplicas = pick[int32](random, 1, before+1, before+surge+1)
		}
	}
	vector.Surge, vector.Unavailable = fenceposts(vector, vector.Replicas)
	return vector
}

func fenceposts(vector deploymentVector, replicas int32) (int32, int32) {
	if vector.Strategy == "Recreate" {
		return 0, 0
	}
	real := vector.real("default", replicas)
	return util.MaxSurge(*real), util.MaxUnavailable(*real)
}

func (vector deploymentVector) template(revision int) v1.PodTemplateSpec {
	return v1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "web", "revision": strconv.Itoa(revision)}},
	}
}

func (vector deploymentVector) real(namespace string, replicas int32) *apps.Deployment {
	real := &apps.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web", UID: types.UID(namespace)},
		Spec: apps.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
			Template: vector.template(vector.New),
			Strategy: apps.DeploymentStrategy{Type: apps.DeploymentStrategyType(vector.Strategy)},
		},
	}
	if vector.Strategy == "RollingUpdate" {
		surge, unavailable := intstr.Parse(vector.MaxSurge), intstr.Parse(vector.MaxUnavailable)
		real.Spec.Strategy.RollingUpdate = &apps.RollingUpdateDeployment{MaxSurge: &surge, MaxUnavailable: &unavailable}
	}
	for _, one := range vector.Revisions {
		real.Status.Replicas += one.StatusReplicas
		real.Status.AvailableReplicas += one.Available
	}
	return real
}

func newDeploymentHarness() (*deploymentHarness, error) {
	client := fake.NewSimpleClientset()
	factory := informers.NewSharedInformerFactory(client, 0)
	deployments, sets := factory.Apps().V1().Deployments(), factory.Apps().V1().ReplicaSets()
	controller, err := deployment.NewDeploymentController(context.Background(), deployments, sets, factory.Core().V1().Pods(), client)
	if err != nil {
		return nil, err
	}
	harness := &deploymentHarness{
		controller: controller, deployments: deployments.Informer().GetIndexer(), sets: sets.Informer().GetIndexer(),
	}
	client.PrependReactor("*", "replicasets", func(action testing.Action) (bool, runtime.Object, error) {
		switch action := action.(type) {
		case testing.CreateActionImpl:
			set := action.GetObject().(*apps.ReplicaSet)
			harness.created = set.Spec.Replicas
			return true, set, nil
		case testing.UpdateActionImpl:
			set := action.GetObject().(*apps.ReplicaSet)
			harness.after[set.Name] = *set.Spec.Replicas
			return true, set, nil
		}
		return true, nil, nil
	})
	echo := func(action testing.Action) (bool, runtime.Object, error) {
		return true, action.(testing.UpdateAction).GetObject(), nil
	}
	client.PrependReactor("update", "deployments", echo)
	client.PrependReactor("get", "deployments", func(action testing.Action) (bool, runtime.Object, error) {
		object, _, err := harness.deployments.GetByKey(action.GetNamespace() + "/web")
		return true, object.(*apps.Deployment), err
	})
	return harness, nil
}

func (harness *deploymentHarness) sync(namespace string, vector *deploymentVector) error {
	harness.after, harness.created = map[string]int32{}, nil
	real := vector.real(namespace, vector.Replicas)
	if err := harness.deployments.Add(real); err != nil {
		return err
	}
	controller := true
	names := []string{}
	for index, one := range vector.Revisions {
		template := vector.template(index)
		hash := fmt.Sprintf("r%d", index)
		template.Labels[apps.DefaultDeploymentUniqueLabelKey] = hash
		set := &apps.ReplicaSet{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: namespace, Name: "web-" + hash, UID: types.UID(namespace + hash), Labels: template.Labels,
				CreationTimestamp: metav1.NewTime(time.Date(2026, 1, 1, index, 0, 0, 0, time.UTC)),
				OwnerReferences: []metav1.OwnerReference{{
					APIVersion: "apps/v1", Kind: "Deployment", Name: "web", UID: real.UID, Controller: &controller,
				}},
				Annotations: map[string]string{
					util.RevisionAnnotation:        strconv.Itoa(index + 1),
					util.DesiredReplicasAnnotation: strconv.Itoa(int(one.DesiredReplicas)),
					util.MaxReplicasAnnotation:     strconv.Itoa(int(one.MaxReplicas)),
				},
			},
			Spec: apps.ReplicaSetSpec{
				Replicas: &one.Replicas, Template: template, Selector: &metav1.LabelSelector{MatchLabels: template.Labels},
			},
			Status: apps.ReplicaSetStatus{Replicas: one.StatusReplicas, AvailableReplicas: one.Available},
		}
		names = append(names, set.Name)
		harness.after[set.Name] = one.Replicas
		if err := harness.sets.Add(set); err != nil {
			return err
		}
	}
	if err := syncDeployment(harness.controller, context.Background(), namespace+"/web"); err != nil {
		return fmt.Errorf("%s: %+v: %w", namespace, vector, err)
	}
	sort.Strings(names)
	for _, name := range names {
		vector.After = append(vector.After, harness.after[name])
	}
	if harness.created != nil {
		vector.After = append(vector.After, *harness.created)
	}
	return nil
}
