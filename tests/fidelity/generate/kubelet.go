package main

import (
	"fmt"
	"math/rand"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/kubelet/lifecycle"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// What a pod asks of its node.
type kubeletPod struct {
	// Milli-cores, bytes or units.
	Requests     map[string]int64  `json:"requests"`
	NodeSelector map[string]string `json:"nodeSelector"`
	// Terms of the required node affinity; absent if there is none.
	Affinity    [][]requirement `json:"affinity"`
	Tolerations []toleration    `json:"tolerations"`
}

type requirement struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

// One node with pods whose containers run, and what becomes of one more.
type kubeletVector struct {
	Labels      map[string]string `json:"labels"`
	Taints      []taint           `json:"taints"`
	Allocatable map[string]int64  `json:"allocatable"`
	Pods        int64             `json:"pods"`
	// Pods of the two templates on the node; the last ones of each are terminating.
	Templates   [2]kubeletPod `json:"templates"`
	There       [2]int        `json:"there"`
	Terminating [2]int        `json:"terminating"`
	// Which template the next pod has.
	Next     int    `json:"next"`
	Admitted bool   `json:"admitted"`
	Reason   string `json:"reason"`
}

// Pods tried on each node.
const kubeletStates = 10

func kubeletVectors(random *rand.Rand, count int) ([]any, error) {
	var vectors []any
	for len(vectors) < count {
		node := kubeletNode(random)
		for range kubeletStates {
			vector := node
			kubeletState(random, &vector)
			result := kubeletAdmission(vector)
			vector.Admitted, vector.Reason = result.Admit, result.Reason
			vectors = append(vectors, vector)
		}
	}
	return vectors, nil
}

// A node and two templates whose requests divide it nearly or exactly.
func kubeletNode(random *rand.Rand) kubeletVector {
	vector := kubeletVector{
		Labels:      map[string]string{},
		Taints:      []taint{},
		Allocatable: map[string]int64{},
		Pods:        pick[int64](random, 0, 2, 4, 8, 110, 110, 110, 110, 110, 110),
	}
	for _, key := range []string{"zone", "disk"} {
		if chance(random, 60) {
			vector.Labels[key] = pick(random, "a", "b", "7")
		}
	}
	if chance(random, 35) {
		vector.Taints = append(vector.Taints, taint{
			Key: "a", Value: pick(random, "", "x"), Effect: pick(random, "NoExecute", "NoExecute", "NoSchedule", "PreferNoSchedule"),
		})
	}
	amounts := map[string][]int64{
		"cpu": {0, 2000, 4000, 3999, 8000}, "memory": {0, 2 << 30, 4 << 30, 16 << 30}, "ephemeral-storage": {1 << 30}, "example.com/gpu": {0, 1, 4},
	}
	for _, name := range []string{"cpu", "memory", "ephemeral-storage", "example.com/gpu"} {
		if listed := name == "cpu" || name == "memory"; listed && chance(random, 95) || chance(random, 35) {
			vector.Allocatable[name] = pick(random, amounts[name]...)
		}
	}
	for index := range vector.Templates {
		vector.Templates[index] = kubeletTemplate(random)
	}
	return vector
}

func kubeletTemplate(random *rand.Rand) kubeletPod {
	pod := kubeletPod{Requests: map[string]int64{}, NodeSelector: map[string]string{}, Tolerations: []toleration{}}
	amounts := map[string][]int64{
		"cpu": {0, 1, 250, 500, 1000, 1333, 4000}, "memory": {0, 1, 1 << 28, 1 << 29, 1 << 30},
		"ephemeral-storage": {0, 1 << 29}, "example.com/gpu": {0, 1, 2},
	}
	for _, name := range []string{"cpu", "memory", "ephemeral-storage", "example.com/gpu"} {
		if main := name == "cpu" || name == "memory"; main && chance(random, 75) || chance(random, 15) {
			pod.Requests[name] = pick(random, amounts[name]...)
		}
	}
	if chance(random, 20) {
		pod.NodeSelector[pick(random, "zone", "disk")] = pick(random, "a", "b")
	}
	if chance(random, 25) {
		pod.Affinity = [][]requirement{}
		for range between(random, 1, 2) {
			pod.Affinity = append(pod.Affinity, kubeletTerm(random))
		}
	}
	for range between(random, 0, 2) {
		pod.Tolerations = append(pod.Tolerations, tolerationCase(random))
	}
	return pod
}

func kubeletTerm(random *rand.Rand) []requirement {
	term := []requirement{}
	for range between(random, 1, 2) {
		one := requirement{
			Key: pick(random, "zone", "disk"), Operator: pick(random, "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"), Values: []string{},
		}
		switch one.Operator {
		case "In", "NotIn":
			one.Values = pick(random, []string{"a"}, []string{"a", "b"}, []string{"7"})
		case "Gt", "Lt":
			one.Values = pick(random, []string{"6"}, []string{"7"}, []string{"8"})
		}
		term = append(term, one)
	}
	return term
}

func kubeletState(random *rand.Rand, vector *kubeletVector) {
	vector.Next = between(random, 0, 1)
	for index := range vector.There {
		vector.There[index] = pick(random, 0, 0, 1, 1, 2, 3, 7)
		vector.Terminating[index] = 0
		if there := vector.There[index]; there > 0 && chance(random, 30) {
			vector.Terminating[index] = between(random, 1, there)
		}
	}
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

func (pod kubeletPod) real(name string) *v1.Pod {
	real := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: v1.PodSpec{
			NodeName:     "node",
			NodeSelector: pod.NodeSelector,
			Containers:   []v1.Container{{Name: "main", Resources: v1.ResourceRequirements{Requests: quantities(pod.Requests)}}},
		},
	}
	for _, one := range pod.Tolerations {
		real.Spec.Tolerations = append(real.Spec.Tolerations, one.real())
	}
	if pod.Affinity != nil {
		selector := &v1.NodeSelector{}
		for _, term := range pod.Affinity {
			expressions := v1.NodeSelectorTerm{}
			for _, one := range term {
				expressions.MatchExpressions = append(expressions.MatchExpressions, v1.NodeSelectorRequirement{
					Key: one.Key, Operator: v1.NodeSelectorOperator(one.Operator), Values: one.Values,
				})
			}
			selector.NodeSelectorTerms = append(selector.NodeSelectorTerms, expressions)
		}
		real.Spec.Affinity = &v1.Affinity{NodeAffinity: &v1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: selector}}
	}
	return real
}

// Preempts nothing: the pods are not critical.
type noPreemption struct{}

func (noPreemption) HandleAdmissionFailure(_ *v1.Pod, reasons []lifecycle.PredicateFailureReason) ([]lifecycle.PredicateFailureReason, error) {
	return reasons, nil
}

func kubeletAdmission(vector kubeletVector) lifecycle.PodAdmitResult {
	node := &v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "node", Labels: map[string]string{"kubernetes.io/hostname": "node"}},
		Status:     v1.NodeStatus{Allocatable: quantities(vector.Allocatable)},
	}
	node.Status.Allocatable[v1.ResourcePods] = *resource.NewQuantity(vector.Pods, resource.DecimalSI)
	for key, value := range vector.Labels {
		node.Labels[key] = value
	}
	for _, one := range vector.Taints {
		node.Spec.Taints = append(node.Spec.Taints, one.real())
	}
	attributes := &lifecycle.PodAdmitAttributes{Pod: vector.Templates[vector.Next].real("next")}
	for index, number := range vector.There {
		for copy := range number {
			attributes.OtherPods = append(attributes.OtherPods, vector.Templates[index].real(fmt.Sprintf("pod-%d-%d", index, copy)))
		}
	}
	handler := lifecycle.NewPredicateAdmitHandler(
		func() (*v1.Node, error) { return node, nil },
		noPreemption{},
		func(*framework.NodeInfo, *lifecycle.PodAdmitAttributes) error { return nil },
	)
	return handler.Admit(attributes)
}
