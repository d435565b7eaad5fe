package main

import (
	"context"
	"fmt"
	"math/rand"
	"time"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/controller/podautoscaler/metrics"
)

// A metric of type Resource: percent of the request, or milli-units for each pod.
type hpaMetric struct {
	Resource    string `json:"resource"`
	Utilization int64  `json:"utilization"`
	Average     int64  `json:"average"`
}

type hpaPolicy struct {
	Type   string `json:"type"`
	Value  int32  `json:"value"`
	Period int32  `json:"period"`
}

type hpaRules struct {
	Window   int32       `json:"window"`
	Select   string      `json:"select"`
	Policies []hpaPolicy `json:"policies"`
}

// An autoscaler and the pods of its target.
type hpaScenario struct {
	Min     int32       `json:"min"`
	Max     int32       `json:"max"`
	Metrics []hpaMetric `json:"metrics"`
	Up      *hpaRules   `json:"up"`
	Down    *hpaRules   `json:"down"`
	// Seconds of --horizontal-pod-autoscaler-downscale-stabilization.
	Window int64 `json:"window"`
	// Milli-cores and bytes; 0: not set.
	CPURequest    int64 `json:"cpuRequest"`
	MemoryRequest int64 `json:"memoryRequest"`
	// CPU of a starting pod, memory of every pod.
	StartupCPU  int64 `json:"startupCpu"`
	MemoryUsage int64 `json:"memoryUsage"`
	// atOnce or after: when starting pods are Ready.
	Readiness string    `json:"readiness"`
	Syncs     []hpaSync `json:"syncs"`
}

// Pods of the target, and what one sync makes of them.
type hpaSync struct {
	// Seconds since the previous sync.
	Elapsed int64 `json:"elapsed"`
	Current int32 `json:"current"`
	Pending int   `json:"pending"`
	// Assigned and not started.
	Bound    int `json:"bound"`
	Starting int `json:"starting"`
	// What is known of starting pods: sampled, unready, missing.
	Fresh   string `json:"fresh"`
	Running int    `json:"running"`
	// Running on a node that stopped.
	Lost        int   `json:"lost"`
	Terminating int   `json:"terminating"`
	Failed      int   `json:"failed"`
	CPUUsage    int64 `json:"cpuUsage"`
	// What the controller remembered before: age in seconds and value.
	Recommendations [][2]int64 `json:"recommendations"`
	Added           [][2]int64 `json:"added"`
	Deleted         [][2]int64 `json:"deleted"`
	Desired         int32      `json:"desired"`
}

// Syncs of one sequence.
const hpaSequence = 8

func hpaVectors(random *rand.Rand, count int) ([]any, error) {
	harness := newHPAHarness()
	var vectors []any
	for index := 0; index*hpaSequence < count; index++ {
		scenario := hpaCase(random)
		if err := harness.follow(random, fmt.Sprintf("n%d", index), &scenario); err != nil {
			return nil, err
		}
		vectors = append(vectors, scenario)
	}
	return vectors, nil
}

func hpaCase(random *rand.Rand) hpaScenario {
	scenario := hpaScenario{
		Min:           int32(pick(random, 1, 1, 1, 2, 3)),
		Window:        pick[int64](random, 300, 300, 300, 60, 0),
		CPURequest:    pick[int64](random, 500, 500, 100, 333, 1000, 7),
		MemoryRequest: pick[int64](random, 1<<30, 1<<28, 1000_000_000, 100_000_007),
		StartupCPU:    pick[int64](random, 0, 300, 800),
		Readiness:     pick(random, "atOnce", "after"),
	}
	scenario.Max = scenario.Min + int32(pick(random, 0, 1, 4, 9, 12))
	scenario.MemoryUsage = scenario.MemoryRequest / 100 * pick[int64](random, 10, 25, 50, 55, 80, 100, 110)
	if chance(random, 30) {
		scenario.MemoryUsage = scenario.MemoryRequest * pick[int64](random, 1, 2, 4, 5) / 4
	}
	if chance(random, 4) {
		scenario.CPURequest = 0
	}
	if chance(random, 4) {
		scenario.MemoryRequest = 0
	}
	for range pick(random, 1, 1, 1, 2) {
		scenario.Metrics = append(scenario.Metrics, hpaMetricCase(random, scenario))
	}
	if chance(random, 65) {
		scenario.Up, scenario.Down = hpaRulesCase(random, true), hpaRulesCase(random, false)
	}
	return scenario
}

func hpaMetricCase(random *rand.Rand, scenario hpaScenario) hpaMetric {
	metric := hpaMetric{Resource: pick(random, "cpu", "cpu", "cpu", "memory")}
	switch {
	case chance(random, 70):
		metric.Utilization = pick[int64](random, 50, 50, 80, 100, 60, 113, 150, 33)
	case metric.Resource == "cpu":
		metric.Average = pick[int64](random, 100, 250, 500, 7)
	default:
		metric.Average = 1000 * pick[int64](random, 1<<30, 500_000_000, 1<<28)
		if chance(random, 30) {
			metric.Average += pick[int64](random, 1, 500)
		}
	}
	return metric
}

func hpaRulesCase(random *rand.Rand, up bool) *hpaRules {
	rules := &hpaRules{Select: pick(random, "Max", "Max", "Min", "Disabled"), Policies: []hpaPolicy{}}
	if up {
		rules.Window = int32(pick(random, 0, 0, 15, 30, 60))
	} else {
		rules.Window = int32(pick(random, 300, 300, 0, 15, 30, 60))
	}
	for range between(random, 1, 2) {
		policy := hpaPolicy{Period: int32(pick(random, 15, 15, 30, 60, 120))}
		if chance(random, 50) {
			policy.Type, policy.Value = "Pods", int32(pick(random, 1, 2, 4))
		} else {
			policy.Type, policy.Value = "Percent", int32(pick(random, 1, 10, 20, 25, 50, 100, 130))
		}
		rules.Policies = append(rules.Policies, policy)
	}
	return rules
}

// The next sync: most loads lie near the target, at the tolerance, or where truncation matters.
func hpaSyncCase(random *rand.Rand, scenario hpaScenario, current int32) hpaSync {
	sync := hpaSync{
		Elapsed: pick[int64](random, 15, 15, 15, 15, 16, 30, 45, 60, 285, 300),
		Current: current, Fresh: pick(random, "sampled", "unready", "missing"),
	}
	if scenario.Readiness == "after" {
		sync.Fresh = pick(random, "unready", "unready", "missing")
	}
	if chance(random, 10) {
		sync.Current = int32(pick(random, 0, 1, int(scenario.Min), int(scenario.Max), int(scenario.Max)+2))
	}
	left := int(sync.Current)
	take := func(percent int) int {
		if left <= 0 || !chance(random, percent) {
			return 0
		}
		number := between(random, 1, left)
		left -= number
		return number
	}
	if chance(random, 50) {
		sync.Pending, sync.Bound, sync.Starting, sync.Lost = take(25), take(20), take(35), take(25)
	}
	sync.Running = left
	if chance(random, 10) {
		sync.Running += pick(random, 1, 2, 3)
	}
	if chance(random, 20) {
		sync.Terminating, sync.Failed = between(random, 0, 2), between(random, 0, 2)
	}
	sync.CPUUsage = hpaUsage(random, scenario)
	return sync
}

func hpaUsage(random *rand.Rand, scenario hpaScenario) int64 {
	request, percent := max(scenario.CPURequest, 100), int64(50)
	for _, metric := range scenario.Metrics {
		if metric.Resource == "cpu" && metric.Utilization > 0 {
			percent = metric.Utilization
		}
		if metric.Resource == "cpu" && metric.Average > 0 {
			request, percent = metric.Average, 100
		}
	}
	ratio := pick[int64](random, 0, 100, 200, 500, 800, 890, 900, 910, 1000, 1000, 1090, 1099, 1100, 1100, 1101, 1110, 1200, 1500, 1600, 2000, 3000)
	return max(request*percent*ratio/100_000+int64(pick(random, -1, 0, 0, 0, 1)), 0)
}

// The pods of a sync with the samples of one resource.
func (scenario hpaScenario) pods(namespace string, sync hpaSync) ([]*v1.Pod, map[v1.ResourceName]metrics.PodMetricsInfo) {
	now := time.Now()
	samples := map[v1.ResourceName]metrics.PodMetricsInfo{v1.ResourceCPU: {}, v1.ResourceMemory: {}}
	var pods []*v1.Pod
	requests := v1.ResourceList{}
	if scenario.CPURequest > 0 {
		requests[v1.ResourceCPU] = *resource.NewMilliQuantity(scenario.CPURequest, resource.DecimalSI)
	}
	if scenario.MemoryRequest > 0 {
		requests[v1.ResourceMemory] = *resource.NewQuantity(scenario.MemoryRequest, resource.BinarySI)
	}
	add := func(count int, sampled bool, cpu int64, change func(*v1.Pod)) {
		for range count {
			pod := &v1.Pod{
				ObjectMeta: metav1.ObjectMeta{
					Namespace: namespace, Name: fmt.Sprintf("pod-%d", len(pods)), Labels: map[string]string{"app": "web"},
				},
				Spec: v1.PodSpec{Containers: []v1.Container{{Name: "main", Resources: v1.ResourceRequirements{Requests: requests}}}},
				Status: v1.PodStatus{
					Phase: v1.PodRunning, StartTime: &metav1.Time{Time: now.Add(-time.Hour)},
					Conditions: []v1.PodCondition{{
						Type: v1.PodReady, Status: v1.ConditionTrue, LastTransitionTime: metav1.NewTime(now.Add(-time.Hour + time.Minute)),
					}},
				},
			}
			change(pod)
			pods = append(pods, pod)
			if sampled {
				at := now.Add(-10 * time.Second)
				samples[v1.ResourceCPU][pod.Name] = metrics.PodMetric{Timestamp: at, Window: 20 * time.Second, Value: cpu}
				samples[v1.ResourceMemory][pod.Name] = metrics.PodMetric{Timestamp: at, Window: 20 * time.Second, Value: scenario.MemoryUsage * 1000}
			}
		}
	}
	pending := func(pod *v1.Pod) { pod.Status.Phase = v1.PodPending }
	add(sync.Pending, false, 0, pending)
	add(sync.Bound, false, 0, pending)
	add(sync.Starting, sync.Fresh != "missing", scenario.StartupCPU, func(pod *v1.Pod) {
		started := now.Add(-time.Minute)
		pod.Status.StartTime = &metav1.Time{Time: started}
		condition := &pod.Status.Conditions[0]
		condition.LastTransitionTime = metav1.NewTime(started)
		if scenario.Readiness == "after" {
			condition.Status = v1.ConditionFalse
		} else if sync.Fresh == "unready" {
			// Ready since the last sample's window began.
			condition.LastTransitionTime = metav1.NewTime(now.Add(-15 * time.Second))
		}
	})
	add(sync.Running, true, sync.CPUUsage, func(pod *v1.Pod) {
		// A pod that was Ready once counts as ready.
		if len(pods)%3 == 0 {
			pod.Status.Conditions[0] = v1.PodCondition{
				Type: v1.PodReady, Status: v1.ConditionFalse, LastTransitionTime: metav1.NewTime(now.Add(-time.Minute)),
			}
		}
	})
	add(sync.Lost, false, 0, func(*v1.Pod) {})
	add(sync.Terminating, true, 5*sync.CPUUsage, func(pod *v1.Pod) { pod.DeletionTimestamp = &metav1.Time{Time: now} })
	add(sync.Failed, true, 5*sync.CPUUsage, func(pod *v1.Pod) { pod.Status.Phase = v1.PodFailed })
	return pods, samples
}

func (scenario hpaScenario) real(namespace string) *autoscaling.HorizontalPodAutoscaler {
	real := &autoscaling.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web"},
		Spec: autoscaling.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscaling.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
			MinReplicas:    &scenario.Min, MaxReplicas: scenario.Max,
		},
	}
	for _, metric := range scenario.Metrics {
		source := &autoscaling.ResourceMetricSource{Name: v1.ResourceName(metric.Resource)}
		if metric.Utilization > 0 {
			percent := int32(metric.Utilization)
			source.Target = autoscaling.MetricTarget{Type: autoscaling.UtilizationMetricType, AverageUtilization: &percent}
		} else {
			source.Target = autoscaling.MetricTarget{
				Type: autoscaling.AverageValueMetricType, AverageValue: resource.NewMilliQuantity(metric.Average, resource.DecimalSI),
			}
		}
		real.Spec.Metrics = append(real.Spec.Metrics, autoscaling.MetricSpec{Type: autoscaling.ResourceMetricSourceType, Resource: source})
	}
	if scenario.Up != nil {
		real.Spec.Behavior = &autoscaling.HorizontalPodAutoscalerBehavior{ScaleUp: scenario.Up.real(), ScaleDown: scenario.Down.real()}
	}
	return real
}

func (rules hpaRules) real() *autoscaling.HPAScalingRules {
	selection := autoscaling.ScalingPolicySelect(rules.Select)
	real := &autoscaling.HPAScalingRules{StabilizationWindowSeconds: &rules.Window, SelectPolicy: &selection}
	for _, policy := range rules.Policies {
		real.Policies = append(real.Policies, autoscaling.HPAScalingPolicy{
			Type: autoscaling.HPAScalingPolicyType(policy.Type), Value: policy.Value, PeriodSeconds: policy.Period,
		})
	}
	return real
}

func (harness *hpaHarness) follow(random *rand.Rand, namespace string, scenario *hpaScenario) error {
	target := harness.targets[scenario.Window]
	if err := target.autoscalers.Add(scenario.real(namespace)); err != nil {
		return err
	}
	key := namespace + "/web"
	current := int32(between(random, int(scenario.Min), int(scenario.Max)))
	for range hpaSequence {
		sync := hpaSyncCase(random, *scenario, current)
		target.age(key, time.Duration(sync.Elapsed)*time.Second)
		sync.Recommendations, sync.Added, sync.Deleted = target.memory(key)
		pods, samples := scenario.pods(namespace, sync)
		objects := make([]any, len(pods))
		for index, pod := range pods {
			objects[index] = pod
		}
		if err := target.pods.Replace(objects, ""); err != nil {
			return err
		}
		harness.samples = samples
		harness.scale = &autoscalingv1.Scale{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web"},
			Spec:       autoscalingv1.ScaleSpec{Replicas: sync.Current},
			Status:     autoscalingv1.ScaleStatus{Replicas: int32(len(pods)), Selector: "app=web"},
		}
		// A sync without usable metrics ends with an error and changes nothing.
		_, _ = reconcileKey(target.controller, context.Background(), key)
		sync.Desired = harness.scale.Spec.Replicas
		current = sync.Desired
		if current == 0 {
			current = int32(between(random, int(scenario.Min), int(scenario.Max)))
		}
		scenario.Syncs = append(scenario.Syncs, sync)
	}
	return target.pods.Replace(nil, "")
}
