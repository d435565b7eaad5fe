package main

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"
	"unsafe"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	scalefake "k8s.io/client-go/scale/fake"
	"k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/pkg/controller/podautoscaler"
	"k8s.io/kubernetes/pkg/controller/podautoscaler/metrics"
)

// One sync of an autoscaler.
//
//go:linkname reconcileKey k8s.io/kubernetes/pkg/controller/podautoscaler.(*HorizontalController).reconcileKey
func reconcileKey(controller *podautoscaler.HorizontalController, ctx context.Context, key string) (bool, error)

// How pods that start look to the metrics of a sync.
type sampling struct {
	// Sampled before they became ready.
	early bool
	// Not sampled: as many of the youngest.
	missing int
}

// The real autoscaler, which remembers what it recommended. The metrics API is simulated: each pod's sample is taken
// at the instant of the sync over a window of no length.
type autoscaling struct {
	w           *world
	controller  *podautoscaler.HorizontalController
	autoscalers cache.Indexer
	podIndex    cache.Indexer
	usage       *usage
	fresh       sampling
}

// What pods use.
type usage struct {
	w         *world
	workloads []workload
	// Milli-cores of a ready pod, or of all together; by group.
	milli  map[string]int64
	shared map[string]bool
}

func (u *usage) workload(group string) *workload {
	for index := range u.workloads {
		if u.workloads[index].group() == group {
			return &u.workloads[index]
		}
	}
	return nil
}

// Milli-cores that a running pod uses.
func (u *usage) of(pod *v1.Pod) int64 {
	group := u.w.groupOf(pod)
	one := u.workload(group)
	if one == nil {
		return 0
	}
	if phaseOf(pod) == "starting" && one.Startup != nil {
		return one.Startup.CPUUsage.MilliValue()
	}
	if !u.shared[group] {
		return u.milli[group]
	}
	serving := int64(0)
	for _, other := range u.w.podsOf(group) {
		phase := phaseOf(other)
		if (phase == "running" || phase == "starting") && isReady(other) && !u.w.stopped[other.Spec.NodeName] {
			serving++
		}
	}
	return u.milli[group] / max(serving, 1)
}

func newAutoscaling(w *world, pods *usage) *autoscaling {
	found := &autoscaling{w: w, usage: pods}
	client := w.client(nil)
	scales := &scalefake.FakeScaleClient{}
	scales.AddReactor("get", "deployments", func(action testing.Action) (bool, runtime.Object, error) {
		one := w.deployment(action.GetNamespace() + "/" + action.(testing.GetAction).GetName())
		if one == nil {
			return true, nil, fmt.Errorf("no such deployment")
		}
		selector, err := metav1.LabelSelectorAsSelector(one.Spec.Selector)
		return true, &autoscalingv1.Scale{
			ObjectMeta: metav1.ObjectMeta{Name: one.Name, Namespace: one.Namespace},
			Spec:       autoscalingv1.ScaleSpec{Replicas: *one.Spec.Replicas},
			Status:     autoscalingv1.ScaleStatus{Replicas: *one.Spec.Replicas, Selector: selector.String()},
		}, err
	})
	scales.AddReactor("update", "deployments", func(action testing.Action) (bool, runtime.Object, error) {
		scale := action.(testing.UpdateAction).GetObject().(*autoscalingv1.Scale)
		one := w.deployment(scale.Namespace + "/" + scale.Name)
		one.Spec.Replicas = &scale.Spec.Replicas
		one.Generation++
		w.put(deploymentResource, one)
		return true, scale, nil
	})
	group := schema.GroupVersion{Group: "apps", Version: "v1"}
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{group})
	mapper.Add(group.WithKind("Deployment"), meta.RESTScopeNamespace)
	factory := informers.NewSharedInformerFactory(client, 0)
	autoscalers, podInformer := factory.Autoscaling().V2().HorizontalPodAutoscalers(), factory.Core().V1().Pods()
	found.controller = podautoscaler.NewHorizontalController(
		context.Background(), client.CoreV1(), scales, client.AutoscalingV2(), mapper, found, autoscalers, podInformer,
		15*time.Second, 5*time.Minute, 0.1, 5*time.Minute, 30*time.Second,
	)
	found.autoscalers, found.podIndex = autoscalers.Informer().GetIndexer(), podInformer.Informer().GetIndexer()
	return found
}

// One sync of all autoscalers.
func (a *autoscaling) sync(fresh sampling) error {
	a.fresh = fresh
	var pods, autoscalers []any
	for _, pod := range a.w.pods() {
		pods = append(pods, pod)
	}
	for _, one := range a.w.autoscalers() {
		autoscalers = append(autoscalers, one)
	}
	must(a.podIndex.Replace(pods, ""))
	must(a.autoscalers.Replace(autoscalers, ""))
	for _, one := range a.w.autoscalers() {
		if _, err := reconcileKey(a.controller, context.Background(), one.Namespace+"/"+one.Name); err != nil {
			return err
		}
	}
	return nil
}

// GetResourceMetric gives a sample of each pod whose containers run.
func (a *autoscaling) GetResourceMetric(
	_ context.Context, _ v1.ResourceName, namespace string, selector labels.Selector, _ string,
) (metrics.PodMetricsInfo, time.Time, error) {
	samples, fresh := metrics.PodMetricsInfo{}, 0
	// Names count up: the youngest first.
	pods := a.w.pods()
	slices.Reverse(pods)
	for _, pod := range pods {
		phase := phaseOf(pod)
		runs := phase == "running" || phase == "starting"
		if pod.Namespace != namespace || !selector.Matches(labels.Set(pod.Labels)) || !runs || a.w.stopped[pod.Spec.NodeName] {
			continue
		}
		sample := metrics.PodMetric{Timestamp: time.Now(), Value: a.usage.of(pod)}
		if phase == "starting" {
			if fresh++; fresh <= a.fresh.missing {
				continue
			} else if a.fresh.early {
				sample.Window = time.Hour
			}
		}
		samples[pod.Name] = sample
	}
	if len(samples) == 0 {
		return nil, time.Time{}, fmt.Errorf("no metrics returned from resource metrics API")
	}
	return samples, time.Now(), nil
}

// GetRawMetric is never asked.
func (*autoscaling) GetRawMetric(string, string, labels.Selector, labels.Selector) (metrics.PodMetricsInfo, time.Time, error) {
	return nil, time.Time{}, fmt.Errorf("no custom metrics")
}

// GetObjectMetric is never asked.
func (*autoscaling) GetObjectMetric(
	string, string, *autoscalingv2.CrossVersionObjectReference, labels.Selector,
) (int64, time.Time, error) {
	return 0, time.Time{}, fmt.Errorf("no custom metrics")
}

// GetExternalMetric is never asked.
func (*autoscaling) GetExternalMetric(string, string, labels.Selector) ([]int64, time.Time, error) {
	return nil, time.Time{}, fmt.Errorf("no external metrics")
}

// Fields of the controller that keep what earlier syncs recommended and did.
var memories = []string{"recommendations", "scaleUpEvents", "scaleDownEvents"}

// A copy of what the controller remembers.
func (a *autoscaling) remember() []reflect.Value {
	var copies []reflect.Value
	for _, name := range memories {
		value := a.memory(name)
		copied := reflect.MakeMap(value.Type())
		for _, key := range value.MapKeys() {
			samples := value.MapIndex(key)
			list := reflect.MakeSlice(samples.Type(), samples.Len(), samples.Len())
			reflect.Copy(list, samples)
			copied.SetMapIndex(key, list)
		}
		copies = append(copies, copied)
	}
	return copies
}

// Makes the controller remember what it did at the time of a copy.
func (a *autoscaling) recall(copies []reflect.Value) {
	for index, name := range memories {
		a.memory(name).Set(copies[index])
	}
}

func (a *autoscaling) memory(name string) reflect.Value {
	value := reflect.ValueOf(a.controller).Elem().FieldByName(name)
	return reflect.NewAt(value.Type(), unsafe.Pointer(value.UnsafeAddr())).Elem()
}
