package main

import (
	"context"
	"fmt"
	"math/rand"
	"sort"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

type schedulerNode struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
	Taints []taint           `json:"taints"`
	// Cordoned: the node controller's taint is added besides.
	Unschedulable bool             `json:"unschedulable"`
	Allocatable   map[string]int64 `json:"allocatable"`
	Pods          int64            `json:"pods"`
}

type preference struct {
	Weight int32         `json:"weight"`
	Term   []requirement `json:"term"`
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

type schedulerWorkload struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
	Pod       kubeletPod        `json:"pod"`
	// Names of nodes that a term of the required affinity asks for; absent if there is none.
	Fields    []string           `json:"fields"`
	Preferred []preference       `json:"preferred"`
	Spread    []spreadConstraint `json:"spread"`
	// Affinity and anti-affinity between pods, ports of the node.
	PodAffinity     []podTerm  `json:"podAffinity,omitempty"`
	PodAntiAffinity []podTerm  `json:"podAntiAffinity,omitempty"`
	Ports           []hostPort `json:"ports,omitempty"`
}

type schedulerCluster struct {
	Nodes     []schedulerNode     `json:"nodes"`
	Workloads []schedulerWorkload `json:"workloads"`
	Profile   schedulerProfile    `json:"profile"`
	// Whether a Service selects the pods, by workload.
	Services []bool `json:"services"`
}

// A pod of one workload beside those on the nodes: what each filter answers, what each plugin scores.
type schedulerVector struct {
	Cluster *schedulerCluster `json:"cluster"`
	// Pods on the nodes, terminating ones included, by workload, by node.
	There       [][]int `json:"there"`
	Terminating [][]int `json:"terminating"`
	Next        int     `json:"next"`
	// Nodes that each filter refuses.
	Refused  map[string][]string `json:"refused"`
	Feasible []string            `json:"feasible"`
	// Normalised scores of the feasible nodes, without weight; absent for plugins that are skipped.
	Scores map[string][]int64 `json:"scores"`
	// Their scores before normalising, of those that normalise.
	Raw    map[string][]int64 `json:"raw"`
	Totals []int64            `json:"totals"`
	Best   []string           `json:"best"`
}

// States of each cluster.
const schedulerStates = 16

func schedulerVectors(random *rand.Rand, count int) ([]any, error) {
	var vectors []any
	for len(vectors) < count {
		cluster := schedulerCase(random)
		harness, err := newSchedulerHarness(&cluster)
		if err != nil {
			return nil, err
		}
		for range schedulerStates {
			vector := schedulerVector{Cluster: &cluster}
			schedulerState(random, &vector)
			if err := harness.schedule(&vector); err != nil {
				return nil, err
			}
			vectors = append(vectors, vector)
		}
		harness.cancel()
	}
	return vectors, nil
}

func (node schedulerNode) real() *v1.Node {
	real := &v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: node.Name, Labels: node.Labels},
		Spec:       v1.NodeSpec{Unschedulable: node.Unschedulable},
		Status:     v1.NodeStatus{Allocatable: quantities(node.Allocatable)},
	}
	real.Status.Allocatable[v1.ResourcePods] = quantities(map[string]int64{"pods": node.Pods})["pods"]
	for _, one := range node.Taints {
		real.Spec.Taints = append(real.Spec.Taints, one.real())
	}
	if node.Unschedulable {
		real.Spec.Taints = append(real.Spec.Taints, v1.Taint{Key: v1.TaintNodeUnschedulable, Effect: v1.TaintEffectNoSchedule})
	}
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
	policy := func(honors bool) *v1.NodeInclusionPolicy {
		policy := v1.NodeInclusionPolicyIgnore
		if honors {
			policy = v1.NodeInclusionPolicyHonor
		}
		return &policy
	}
	action := v1.ScheduleAnyway
	if one.Hard {
		action = v1.DoNotSchedule
	}
	return v1.TopologySpreadConstraint{
		MaxSkew: one.MaxSkew, TopologyKey: one.Key, WhenUnsatisfiable: action, LabelSelector: labelSelector(one.Selector),
		MinDomains: one.MinDomains, NodeAffinityPolicy: policy(one.HonorsAffinity), NodeTaintsPolicy: policy(one.HonorsTaints),
	}
}

// Labels of the pods, with the one that Deployments add.
func (workload schedulerWorkload) podLabels() map[string]string {
	labels := map[string]string{"pod-template-hash": workload.Name + "-1"}
	for key, value := range workload.Labels {
		labels[key] = value
	}
	return labels
}

func (workload schedulerWorkload) real(name, node string, terminating bool) *v1.Pod {
	pod := workload.Pod.real(name)
	isController := true
	pod.Namespace, pod.UID, pod.Labels = workload.Namespace, types.UID(name), workload.podLabels()
	pod.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: "apps/v1", Kind: "ReplicaSet", Name: workload.Name, UID: "replica-set", Controller: &isController,
	}}
	pod.Spec.NodeName, pod.Spec.SchedulerName = node, v1.DefaultSchedulerName
	if terminating {
		now := metav1.Now()
		pod.DeletionTimestamp = &now
	}
	if workload.Fields != nil || len(workload.Preferred) > 0 {
		if pod.Spec.Affinity == nil {
			pod.Spec.Affinity = &v1.Affinity{NodeAffinity: &v1.NodeAffinity{}}
		}
	}
	if workload.Fields != nil {
		affinity := pod.Spec.Affinity.NodeAffinity
		if affinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
			affinity.RequiredDuringSchedulingIgnoredDuringExecution = &v1.NodeSelector{}
		}
		selector := affinity.RequiredDuringSchedulingIgnoredDuringExecution
		selector.NodeSelectorTerms = append(selector.NodeSelectorTerms, v1.NodeSelectorTerm{
			MatchFields: []v1.NodeSelectorRequirement{{Key: "metadata.name", Operator: "In", Values: workload.Fields}},
		})
	}
	for _, one := range workload.Preferred {
		affinity := pod.Spec.Affinity.NodeAffinity
		affinity.PreferredDuringSchedulingIgnoredDuringExecution = append(affinity.PreferredDuringSchedulingIgnoredDuringExecution,
			v1.PreferredSchedulingTerm{Weight: one.Weight, Preference: v1.NodeSelectorTerm{MatchExpressions: expressions(one.Term)}})
	}
	workload.bind(pod)
	for _, one := range workload.Spread {
		pod.Spec.TopologySpreadConstraints = append(pod.Spec.TopologySpreadConstraints, one.real())
	}
	return pod
}

// All pods on the nodes, and the next one.
func (vector *schedulerVector) pods() ([]*v1.Pod, *v1.Pod) {
	var pods []*v1.Pod
	for index, workload := range vector.Cluster.Workloads {
		for place, node := range vector.Cluster.Nodes {
			for copy := range vector.There[index][place] {
				name := fmt.Sprintf("%s-%s-%d", workload.Name, node.Name, copy)
				pods = append(pods, workload.real(name, node.Name, copy < vector.Terminating[index][place]))
			}
		}
	}
	return pods, vector.Cluster.Workloads[vector.Next].real("next", "", false)
}

// Runs one scheduling cycle up to the scores.
func (harness *schedulerHarness) schedule(vector *schedulerVector) error {
	ctx, state := context.Background(), framework.NewCycleState()
	pods, pod := vector.pods()
	infos := harness.snapshot(pods)
	vector.Refused, vector.Scores, vector.Raw = map[string][]string{}, map[string][]int64{}, map[string][]int64{}
	vector.Feasible, vector.Totals, vector.Best = []string{}, []int64{}, []string{}
	narrowed, status, _ := harness.framework.RunPreFilterPlugins(ctx, state, pod)
	if !status.IsSuccess() {
		if status.IsRejected() {
			vector.Refused[status.Plugin()] = []string{"all"}
			return nil
		}
		return status.AsError()
	}
	var feasible []*framework.NodeInfo
	for _, info := range infos {
		name := info.Node().Name
		for _, plugin := range harness.filters() {
			if state.SkipFilterPlugins.Has(plugin.Name()) {
				continue
			}
			if status := plugin.Filter(ctx, state, pod, info); status.IsRejected() {
				vector.Refused[plugin.Name()] = append(vector.Refused[plugin.Name()], name)
			} else if !status.IsSuccess() {
				return status.AsError()
			}
		}
		inside := narrowed.AllNodes() || narrowed.NodeNames.Has(name)
		if inside && harness.framework.RunFilterPlugins(ctx, state, pod, info).IsSuccess() {
			feasible = append(feasible, info)
			vector.Feasible = append(vector.Feasible, name)
		}
	}
	if len(feasible) == 0 {
		return nil
	}
	if status := harness.framework.RunPreScorePlugins(ctx, state, pod, feasible); !status.IsSuccess() {
		return status.AsError()
	}
	scores, status := harness.framework.RunScorePlugins(ctx, state, pod, feasible)
	if !status.IsSuccess() {
		return status.AsError()
	}
	most := int64(-1)
	for _, one := range scores {
		vector.Totals = append(vector.Totals, one.TotalScore)
		most = max(most, one.TotalScore)
		for _, plugin := range one.Scores {
			weight := int64(harness.weights[plugin.Name])
			vector.Scores[plugin.Name] = append(vector.Scores[plugin.Name], plugin.Score/max(weight, 1))
		}
	}
	for name := range vector.Scores {
		plugin, scores := harness.plugins[name].(framework.ScorePlugin)
		if !scores || plugin.ScoreExtensions() == nil {
			continue
		}
		for _, info := range feasible {
			raw, status := plugin.Score(ctx, state, pod, info)
			if !status.IsSuccess() {
				return status.AsError()
			}
			vector.Raw[name] = append(vector.Raw[name], raw)
		}
	}
	for index, one := range scores {
		if one.TotalScore == most {
			vector.Best = append(vector.Best, vector.Feasible[index])
		}
	}
	sort.Strings(vector.Best)
	return nil
}
