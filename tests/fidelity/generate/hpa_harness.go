package main

import (
	"context"
	"fmt"
	"reflect"
	"time"
	"unsafe"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
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

// A controller whose memory can be read and aged: instead of waiting, everything it remembers is dated back.
type hpaTarget struct {
	controller        *podautoscaler.HorizontalController
	pods, autoscalers cache.Indexer
}

// Controllers by downscale stabilisation in seconds, and what they see.
type hpaHarness struct {
	targets map[int64]*hpaTarget
	scale   *autoscalingv1.Scale
	samples map[v1.ResourceName]metrics.PodMetricsInfo
}

func newHPAHarness() *hpaHarness {
	harness := &hpaHarness{targets: map[int64]*hpaTarget{}}
	client := fake.NewSimpleClientset()
	client.PrependReactor("update", "horizontalpodautoscalers", func(action testing.Action) (bool, runtime.Object, error) {
		return true, action.(testing.UpdateAction).GetObject(), nil
	})
	scales := &scalefake.FakeScaleClient{}
	scales.AddReactor("get", "deployments", func(testing.Action) (bool, runtime.Object, error) {
		return true, harness.scale.DeepCopy(), nil
	})
	scales.AddReactor("update", "deployments", func(action testing.Action) (bool, runtime.Object, error) {
		harness.scale = action.(testing.UpdateAction).GetObject().(*autoscalingv1.Scale)
		return true, harness.scale, nil
	})
	group := schema.GroupVersion{Group: "apps", Version: "v1"}
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{group})
	mapper.Add(group.WithKind("Deployment"), meta.RESTScopeNamespace)
	for _, window := range []int64{0, 60, 300} {
		factory := informers.NewSharedInformerFactory(client, 0)
		autoscalers, pods := factory.Autoscaling().V2().HorizontalPodAutoscalers(), factory.Core().V1().Pods()
		controller := podautoscaler.NewHorizontalController(
			context.Background(), client.CoreV1(), scales, client.AutoscalingV2(), mapper, harness, autoscalers, pods,
			15*time.Second, time.Duration(window)*time.Second, 0.1, 5*time.Minute, 30*time.Second,
		)
		harness.targets[window] = &hpaTarget{controller, pods.Informer().GetIndexer(), autoscalers.Informer().GetIndexer()}
	}
	return harness
}

// The remembered samples of a kind: a slice of structs of a number and a time, in that order.
func (target *hpaTarget) remembered(field, key string) reflect.Value {
	return reflect.ValueOf(target.controller).Elem().FieldByName(field).MapIndex(reflect.ValueOf(key))
}

var hpaMemory = []string{"recommendations", "scaleUpEvents", "scaleDownEvents"}

// Makes everything remembered older.
func (target *hpaTarget) age(key string, by time.Duration) {
	for _, field := range hpaMemory {
		samples := target.remembered(field, key)
		if !samples.IsValid() {
			continue
		}
		for index := range samples.Len() {
			stamp := samples.Index(index).FieldByName("timestamp")
			at := (*time.Time)(unsafe.Pointer(stamp.UnsafeAddr()))
			*at = at.Add(-by)
		}
	}
}

// Ages in whole seconds and values of everything remembered.
func (target *hpaTarget) memory(key string) (recommendations, added, deleted [][2]int64) {
	lists := [][][2]int64{}
	for _, field := range hpaMemory {
		list := [][2]int64{}
		samples := target.remembered(field, key)
		if samples.IsValid() {
			for index := range samples.Len() {
				sample := samples.Index(index)
				at := *(*time.Time)(unsafe.Pointer(sample.FieldByName("timestamp").UnsafeAddr()))
				list = append(list, [2]int64{int64(time.Since(at) / time.Second), sample.Field(0).Int()})
			}
		}
		lists = append(lists, list)
	}
	return lists[0], lists[1], lists[2]
}

// GetResourceMetric gives the samples of the present sync.
func (harness *hpaHarness) GetResourceMetric(
	_ context.Context, resource v1.ResourceName, _ string, _ labels.Selector, _ string,
) (metrics.PodMetricsInfo, time.Time, error) {
	samples := metrics.PodMetricsInfo{}
	for name, sample := range harness.samples[resource] {
		samples[name] = sample
	}
	if len(samples) == 0 {
		return nil, time.Time{}, fmt.Errorf("no metrics returned from resource metrics API")
	}
	return samples, time.Now(), nil
}

// GetRawMetric is never asked.
func (*hpaHarness) GetRawMetric(string, string, labels.Selector, labels.Selector) (metrics.PodMetricsInfo, time.Time, error) {
	return nil, time.Time{}, fmt.Errorf("no custom metrics")
}

// GetObjectMetric is never asked.
func (*hpaHarness) GetObjectMetric(
	string, string, *autoscaling.CrossVersionObjectReference, labels.Selector,
) (int64, time.Time, error) {
	return 0, time.Time{}, fmt.Errorf("no custom metrics")
}

// GetExternalMetric is never asked.
func (*hpaHarness) GetExternalMetric(string, string, labels.Selector) ([]int64, time.Time, error) {
	return nil, time.Time{}, fmt.Errorf("no external metrics")
}
