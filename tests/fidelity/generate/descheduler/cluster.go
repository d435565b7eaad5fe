package main

import (
	"fmt"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

type taint struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Effect string `json:"effect"`
}

type toleration struct {
	Key     string `json:"key"`
	Exists  bool   `json:"exists"`
	Value   string `json:"value"`
	Effect  string `json:"effect"`
	Seconds *int64 `json:"seconds"`
}

type requirement struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

type node struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
	Taints []taint           `json:"taints"`
	// Cordoned: the node controller's taint is added besides.
	Unschedulable bool             `json:"unschedulable"`
	Allocatable   map[string]int64 `json:"allocatable"`
	Pods          int64            `json:"pods"`
}

// What a pod asks of its node.
type podNeeds struct {
	// Milli-cores or bytes.
	Requests     map[string]int64  `json:"requests"`
	NodeSelector map[string]string `json:"nodeSelector"`
	// Terms of the required node affinity; absent if there is none.
	Affinity    [][]requirement `json:"affinity"`
	Tolerations []toleration    `json:"tolerations"`
}

type preference struct {
	Weight int32         `json:"weight"`
	Term   []requirement `json:"term"`
}

type podTerm struct {
	Key      string        `json:"key"`
	Selector []requirement `json:"selector"`
}

type spreadConstraint struct {
	MaxSkew int32  `json:"maxSkew"`
	Key     string `json:"key"`
	Hard    bool   `json:"hard"`
	// Absent: no selector; empty: an empty one.
	Selector       []requirement `json:"selector"`
	MinDomains     *int32        `json:"minDomains"`
	HonorsAffinity bool          `json:"honorsAffinity"`
	HonorsTaints   bool          `json:"honorsTaints"`
}

type workload struct {
	Name            string             `json:"name"`
	Namespace       string             `json:"namespace"`
	Labels          map[string]string  `json:"labels"`
	Pod             podNeeds           `json:"pod"`
	Preferred       []preference       `json:"preferred"`
	Spread          []spreadConstraint `json:"spread"`
	PodAntiAffinity []podTerm          `json:"podAntiAffinity,omitempty"`
	Priority        int32              `json:"priority"`
	LocalStorage    bool               `json:"localStorage,omitempty"`
	Claims          bool               `json:"claims,omitempty"`
	// Limits are the requests.
	Guaranteed bool `json:"guaranteed,omitempty"`
	// Annotated as evictable whatever else holds.
	Evict bool `json:"evict,omitempty"`
}

type cluster struct {
	Nodes     []node      `json:"nodes"`
	Workloads [2]workload `json:"workloads"`
	Policy    policy      `json:"policy"`
}

// Pods by workload, by node.
type state struct {
	NotReady    []bool   `json:"notReady"`
	Active      [2][]int `json:"active"`
	Terminating [2][]int `json:"terminating"`
	// Pods without a node, by workload.
	Pending [2]int `json:"pending"`
}

func quantities(amounts map[string]int64) v1.ResourceList {
	list := v1.ResourceList{}
	for name, amount := range amounts {
		if name == "cpu" {
			list[v1.ResourceCPU] = *resource.NewMilliQuantity(amount, resource.DecimalSI)
		} else {
			list[v1.ResourceName(name)] = *resource.NewQuantity(amount, resource.DecimalSI)
		}
	}
	return list
}

func (one node) real(notReady bool) *v1.Node {
	real := &v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: one.Name, Labels: one.Labels},
		Spec:       v1.NodeSpec{Unschedulable: one.Unschedulable},
		Status:     v1.NodeStatus{Allocatable: quantities(one.Allocatable)},
	}
	real.Status.Allocatable[v1.ResourcePods] = *resource.NewQuantity(one.Pods, resource.DecimalSI)
	for _, each := range one.Taints {
		real.Spec.Taints = append(real.Spec.Taints, v1.Taint{Key: each.Key, Value: each.Value, Effect: v1.TaintEffect(each.Effect)})
	}
	if one.Unschedulable {
		real.Spec.Taints = append(real.Spec.Taints, v1.Taint{Key: v1.TaintNodeUnschedulable, Effect: v1.TaintEffectNoSchedule})
	}
	status := v1.ConditionTrue
	if notReady {
		status = v1.ConditionUnknown
	}
	real.Status.Conditions = []v1.NodeCondition{{Type: v1.NodeReady, Status: status}}
	return real
}

func expressions(list []requirement) []v1.NodeSelectorRequirement {
	var all []v1.NodeSelectorRequirement
	for _, one := range list {
		all = append(all, v1.NodeSelectorRequirement{Key: one.Key, Operator: v1.NodeSelectorOperator(one.Operator), Values: one.Values})
	}
	return all
}

func labelSelector(list []requirement) *metav1.LabelSelector {
	if list == nil {
		return nil
	}
	selector := &metav1.LabelSelector{}
	for _, one := range list {
		selector.MatchExpressions = append(selector.MatchExpressions, metav1.LabelSelectorRequirement{
			Key: one.Key, Operator: metav1.LabelSelectorOperator(one.Operator), Values: one.Values,
		})
	}
	return selector
}

func (one spreadConstraint) real() v1.TopologySpreadConstraint {
	inclusion := func(honors bool) *v1.NodeInclusionPolicy {
		inclusion := v1.NodeInclusionPolicyIgnore
		if honors {
			inclusion = v1.NodeInclusionPolicyHonor
		}
		return &inclusion
	}
	action := v1.ScheduleAnyway
	if one.Hard {
		action = v1.DoNotSchedule
	}
	return v1.TopologySpreadConstraint{
		MaxSkew: one.MaxSkew, TopologyKey: one.Key, WhenUnsatisfiable: action, LabelSelector: labelSelector(one.Selector),
		MinDomains: one.MinDomains, NodeAffinityPolicy: inclusion(one.HonorsAffinity), NodeTaintsPolicy: inclusion(one.HonorsTaints),
	}
}

func (one workload) real(name, nodeName string, terminating bool) *v1.Pod {
	isController := true
	priority := one.Priority
	pod := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			CreationTimestamp: born(), Name: name, Namespace: one.Namespace, UID: types.UID(name), Labels: one.Labels,
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "ReplicaSet", Name: one.Name, UID: types.UID("owner-" + one.Name), Controller: &isController,
			}},
		},
		Spec: v1.PodSpec{
			NodeName: nodeName, Priority: &priority, Affinity: one.affinity(),
			Containers: []v1.Container{{Name: "main", Image: one.Name, Resources: v1.ResourceRequirements{Requests: quantities(one.Pod.Requests)}}},
		},
		Status: v1.PodStatus{Phase: v1.PodRunning},
	}
	if nodeName == "" {
		pod.Status.Phase = v1.PodPending
	}
	if one.Guaranteed {
		pod.Spec.Containers[0].Resources.Limits = quantities(one.Pod.Requests)
	}
	if terminating {
		now := metav1.Now()
		pod.DeletionTimestamp = &now
	}
	if one.Evict {
		pod.Annotations = map[string]string{"descheduler.alpha.kubernetes.io/evict": "true"}
	}
	// An empty map is not there once it went through the API.
	if len(one.Pod.NodeSelector) > 0 {
		pod.Spec.NodeSelector = one.Pod.NodeSelector
	}
	for _, each := range one.Pod.Tolerations {
		operator := v1.TolerationOpEqual
		if each.Exists {
			operator = v1.TolerationOpExists
		}
		pod.Spec.Tolerations = append(pod.Spec.Tolerations, v1.Toleration{
			Key: each.Key, Operator: operator, Value: each.Value, Effect: v1.TaintEffect(each.Effect), TolerationSeconds: each.Seconds,
		})
	}
	for _, each := range one.Spread {
		pod.Spec.TopologySpreadConstraints = append(pod.Spec.TopologySpreadConstraints, each.real())
	}
	if one.LocalStorage {
		pod.Spec.Volumes = append(pod.Spec.Volumes, v1.Volume{Name: "scratch", VolumeSource: v1.VolumeSource{EmptyDir: &v1.EmptyDirVolumeSource{}}})
	}
	if one.Claims {
		claim := &v1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}
		pod.Spec.Volumes = append(pod.Spec.Volumes, v1.Volume{Name: "data", VolumeSource: v1.VolumeSource{PersistentVolumeClaim: claim}})
	}
	return pod
}

func (one workload) affinity() *v1.Affinity {
	affinity := &v1.Affinity{}
	if one.Pod.Affinity != nil || len(one.Preferred) > 0 {
		affinity.NodeAffinity = &v1.NodeAffinity{}
	}
	if one.Pod.Affinity != nil {
		required := &v1.NodeSelector{}
		for _, term := range one.Pod.Affinity {
			required.NodeSelectorTerms = append(required.NodeSelectorTerms, v1.NodeSelectorTerm{MatchExpressions: expressions(term)})
		}
		affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = required
	}
	for _, each := range one.Preferred {
		affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution = append(
			affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution,
			v1.PreferredSchedulingTerm{Weight: each.Weight, Preference: v1.NodeSelectorTerm{MatchExpressions: expressions(each.Term)}})
	}
	if len(one.PodAntiAffinity) > 0 {
		affinity.PodAntiAffinity = &v1.PodAntiAffinity{}
	}
	for _, each := range one.PodAntiAffinity {
		affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution = append(
			affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution,
			v1.PodAffinityTerm{TopologyKey: each.Key, LabelSelector: labelSelector(each.Selector)})
	}
	if affinity.NodeAffinity == nil && affinity.PodAntiAffinity == nil {
		return nil
	}
	return affinity
}

// All pods of a state.
func (inputs *cluster) pods(now state) []*v1.Pod {
	var pods []*v1.Pod
	for index, one := range inputs.Workloads {
		add := func(count int, nodeName string, terminating bool) {
			for range count {
				pods = append(pods, one.real(fmt.Sprintf("%s-%d", one.Name, len(pods)), nodeName, terminating))
			}
		}
		for place, there := range inputs.Nodes {
			add(now.Active[index][place], there.Name, false)
			add(now.Terminating[index][place], there.Name, true)
		}
		add(now.Pending[index], "", false)
	}
	return pods
}
