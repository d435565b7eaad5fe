package main

import (
	"context"
	"fmt"
	"math/rand"
	"reflect"
	"time"
	"unsafe"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/testing"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/replicaset"
)

// Caches of one controller, filled with what the API holds; its handlers do not fire.
func (w *world) caches(client kubernetes.Interface) informers.SharedInformerFactory {
	factory := informers.NewSharedInformerFactory(client, 0)
	for _, one := range w.deployments() {
		must(factory.Apps().V1().Deployments().Informer().GetIndexer().Add(one))
	}
	for _, one := range w.replicaSets() {
		must(factory.Apps().V1().ReplicaSets().Informer().GetIndexer().Add(one))
	}
	for _, one := range w.pods() {
		must(factory.Core().V1().Pods().Informer().GetIndexer().Add(one))
	}
	for _, one := range w.nodes() {
		must(factory.Core().V1().Nodes().Informer().GetIndexer().Add(one))
	}
	for _, one := range w.autoscalers() {
		must(factory.Autoscaling().V2().HorizontalPodAutoscalers().Informer().GetIndexer().Add(one))
	}
	return factory
}

// A field of a controller that is not exported.
func field[T any](controller any, name string) T {
	value := reflect.ValueOf(controller).Elem().FieldByName(name)
	return *(*T)(unsafe.Pointer(value.UnsafeAddr()))
}

type syncFunction = func(context.Context, string) error

// Ends the goroutines of a controller that was stepped once.
func stop(run func(context.Context, int)) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	run(ended, 0)
}

// One sync of the Deployment controller (its syncHandler, a field).
func (w *world) syncDeployment(group string) error {
	client := w.client(nil)
	factory := w.caches(client)
	apps := factory.Apps().V1()
	controller, err := deployment.NewDeploymentController(context.Background(), apps.Deployments(), apps.ReplicaSets(),
		factory.Core().V1().Pods(), client)
	if err != nil {
		return err
	}
	defer stop(controller.Run)
	return field[syncFunction](controller, "syncHandler")(context.Background(), group)
}

// One sync of the ReplicaSet controller of a Deployment (its syncHandler, a field). The pods it deletes are returned
// and not deleted yet.
func (w *world) syncReplicaSet(group string, shuffle *rand.Rand) ([]string, error) {
	var victims []string
	client := w.client(func(action testing.Action) (bool, runtime.Object, error) {
		if action.Matches("delete", "pods") {
			victims = append(victims, action.(testing.DeleteAction).GetName())
			return true, nil, nil
		}
		return false, nil, nil
	})
	set := w.replicaSet(group)
	if set == nil {
		return nil, fmt.Errorf("there is no ReplicaSet of %s", group)
	}
	// The real one divides by the age of the youngest pod in milliseconds.
	pass(2 * time.Millisecond)
	factory := w.caches(client)
	pods := factory.Core().V1().Pods()
	if shuffle != nil {
		for _, object := range pods.Informer().GetIndexer().List() {
			must(pods.Informer().GetIndexer().Update(withOtherAge(object.(*v1.Pod), shuffle)))
		}
	}
	controller := replicaset.NewReplicaSetController(context.Background(), factory.Apps().V1().ReplicaSets(), pods, client,
		replicaset.BurstReplicas)
	defer stop(controller.Run)
	err := field[syncFunction](controller, "syncHandler")(context.Background(), set.Namespace+"/"+set.Name)
	return victims, err
}

// The pod with other hidden attributes: ages and UID, which the model does not keep.
func withOtherAge(pod *v1.Pod, random *rand.Rand) *v1.Pod {
	pod = pod.DeepCopy()
	age := func() metav1.Time {
		return metav1.NewTime(time.Now().Add(-time.Duration(1+random.Intn(5000)) * time.Minute))
	}
	pod.UID = types.UID(fmt.Sprintf("%016x", random.Uint64()))
	pod.CreationTimestamp = age()
	for index := range pod.Status.Conditions {
		pod.Status.Conditions[index].LastTransitionTime = age()
	}
	return pod
}
