package main

import (
	"fmt"
	"math/rand"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/descheduler/pkg/api"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/nodeutilization"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/podlifetime"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/removepodsviolatinginterpodantiaffinity"
)

// Plugins whose vectors are in the second file.
var morePlugins = []string{
	nodeutilization.LowNodeUtilizationPluginName,
	removepodsviolatinginterpodantiaffinity.PluginName,
	nodeutilization.HighNodeUtilizationPluginName,
	nodeutilization.LowNodeUtilizationPluginName,
	removepodsviolatinginterpodantiaffinity.PluginName,
	nodeutilization.HighNodeUtilizationPluginName,
	podlifetime.PluginName,
}

// Arguments of the plugins of the second file.
type moreArgs struct {
	Thresholds         map[string]float64 `json:"thresholds"`
	Targets            map[string]float64 `json:"targets"`
	Deviations         bool               `json:"deviations"`
	NumberOfNodes      int                `json:"numberOfNodes"`
	ExcludedNamespaces []string           `json:"excludedNamespaces"`
	NodeLimit          *uint              `json:"nodeLimit"`
	OnlyThresholding   bool               `json:"onlyThresholding"`
	MaxSeconds         *uint              `json:"maxSeconds"`
	States             []string           `json:"states"`
}

func percentages(amounts map[string]float64) api.ResourceThresholds {
	thresholds := api.ResourceThresholds{}
	for name, amount := range amounts {
		thresholds[v1.ResourceName(name)] = api.Percentage(amount)
	}
	return thresholds
}

func (args *moreArgs) evictable() *api.Namespaces {
	if len(args.ExcludedNamespaces) == 0 {
		return nil
	}
	return &api.Namespaces{Exclude: args.ExcludedNamespaces}
}

func (args *moreArgs) low() *nodeutilization.LowNodeUtilizationArgs {
	real := &nodeutilization.LowNodeUtilizationArgs{
		Thresholds: percentages(args.Thresholds), TargetThresholds: percentages(args.Targets),
		UseDeviationThresholds: args.Deviations, NumberOfNodes: args.NumberOfNodes, EvictableNamespaces: args.evictable(),
	}
	if args.NodeLimit != nil {
		real.EvictionLimits = &api.EvictionLimits{Node: args.NodeLimit}
	}
	return real
}

func (args *moreArgs) high() *nodeutilization.HighNodeUtilizationArgs {
	real := &nodeutilization.HighNodeUtilizationArgs{
		Thresholds: percentages(args.Thresholds), NumberOfNodes: args.NumberOfNodes, EvictableNamespaces: args.evictable(),
	}
	if args.OnlyThresholding {
		real.EvictionModes = []nodeutilization.EvictionMode{nodeutilization.EvictionModeOnlyThresholdingResources}
	}
	return real
}

// Fewer pods where the model leaves open which of them go.
func moreState(random *rand.Rand, inputs *cluster) state {
	now := stateCase(random, inputs)
	limits := inputs.Policy.MaxPerNode != nil || inputs.Policy.MaxPerNamespace != nil || inputs.Policy.MaxTotal != nil
	most := mostPods
	if limits || inputs.Policy.Plugin == podlifetime.PluginName {
		most = 2
	}
	for index := range now.Active {
		for place := range now.Active[index] {
			now.Active[index][place] = min(most, now.Active[index][place])
		}
	}
	return now
}

// Old enough for any limit of the cases.
func born() metav1.Time {
	return metav1.NewTime(time.Now().Add(-time.Hour))
}

func moreCase(random *rand.Rand, plugin string) cluster {
	inputs := clusterCase(random, plugin)
	args := &moreArgs{ExcludedNamespaces: []string{}, States: []string{}}
	inputs.Policy.More = args
	switch plugin {
	case removepodsviolatinginterpodantiaffinity.PluginName:
		repelCase(random, &inputs)
	case podlifetime.PluginName:
		lifeTimeCase(random, args)
	default:
		fullnessCase(random, &inputs, args)
	}
	if chance(random, 25) {
		inputs.Workloads[1].Priority = inputs.Workloads[0].Priority
	}
	for index := range inputs.Workloads {
		one := &inputs.Workloads[index]
		one.Guaranteed = chance(random, 25) && one.Pod.Requests["cpu"] > 0 && one.Pod.Requests["memory"] > 0
	}
	return inputs
}

func repelCase(random *rand.Rand, inputs *cluster) {
	for index := range inputs.Workloads {
		one := &inputs.Workloads[index]
		if chance(random, 30) {
			continue
		}
		one.PodAntiAffinity = nil
		for range pick(random, 1, 1, 1, 2) {
			one.PodAntiAffinity = append(one.PodAntiAffinity, podTerm{
				Key: pick(random, v1.LabelHostname, v1.LabelHostname, v1.LabelHostname, v1.LabelTopologyZone, "disk"),
				Selector: pick(random, []requirement{in("app", one.Labels["app"])}, []requirement{in("app", "web")},
					[]requirement{in("app", "db")}, []requirement{in("app", "web", "db", "shared")}, []requirement{}),
			})
		}
	}
}

func lifeTimeCase(random *rand.Rand, args *moreArgs) {
	if chance(random, 60) {
		args.States = pick(random, []string{"Running"}, []string{"Pending"}, []string{"Pending", "Running"})
	}
	if len(args.States) == 0 || chance(random, 30) {
		most := pick[uint](random, 0, 60, 3000)
		args.MaxSeconds = &most
	}
}

// Nodes of a few sizes, so that percentages meet thresholds.
func fullnessCase(random *rand.Rand, inputs *cluster, args *moreArgs) {
	// Averages over capacities without a small common multiple are left to an over-approximation.
	args.Deviations = chance(random, 25)
	same := chance(random, 50)
	for index := range inputs.Nodes {
		one := &inputs.Nodes[index]
		one.Allocatable["memory"] = pick[int64](random, 1<<31, 1<<32, 16<<30)
		if args.Deviations || chance(random, 70) {
			one.Allocatable["cpu"] = pick[int64](random, 2000, 4000, 4000, 5000, 7000)
		}
		if chance(random, 40) {
			one.Pods = pick[int64](random, 6, 10, 20)
		}
		if same {
			one.Allocatable, one.Pods = inputs.Nodes[0].Allocatable, inputs.Nodes[0].Pods
		}
	}
	for index := range inputs.Workloads {
		if chance(random, 60) {
			inputs.Workloads[index].Pod.Requests["memory"] = pick[int64](random, 1<<28, 1<<29, 1<<27)
		}
	}
	names := pick(random, []string{"cpu"}, []string{"cpu"}, []string{"memory"}, []string{"pods"}, []string{"cpu", "memory"},
		[]string{"cpu", "memory", "pods"}, []string{"cpu", "pods"}, []string{"example.com/gpu"}, []string{"cpu", "example.com/gpu"})
	args.Thresholds, args.Targets = map[string]float64{}, map[string]float64{}
	for _, name := range names {
		low := pick(random, 0, 5, 10, 12.5, 20, 25, 30, 50, 60)
		high := low + pick(random, 0, 5, 10, 20, 25, 40.0)
		if args.Deviations {
			low, high = pick(random, 0, 5, 10, 20.0), pick(random, 0, 5, 10, 20, 40.0)
		}
		args.Thresholds[name], args.Targets[name] = low, high
	}
	args.NumberOfNodes = pick(random, 0, 0, 0, 0, 1, 2)
	if chance(random, 15) {
		args.ExcludedNamespaces = []string{pick(random, "default", "other", "other")}
	}
	if chance(random, 15) {
		most := pick[uint](random, 0, 1, 2)
		args.NodeLimit = &most
	}
	args.OnlyThresholding = chance(random, 25)
	inputs.Policy.Include, inputs.Policy.Exclude, inputs.Policy.Selector = nil, nil, nil
}

func (one policy) more() (any, error) {
	switch one.Plugin {
	case nodeutilization.LowNodeUtilizationPluginName:
		args := one.More.low()
		return args, nodeutilization.ValidateLowNodeUtilizationArgs(args)
	case nodeutilization.HighNodeUtilizationPluginName:
		args := one.More.high()
		return args, nodeutilization.ValidateHighNodeUtilizationArgs(args)
	case podlifetime.PluginName:
		args := &podlifetime.PodLifeTimeArgs{
			Namespaces: one.namespaces(), LabelSelector: labelSelector(one.Selector),
			MaxPodLifeTimeSeconds: one.More.MaxSeconds, States: one.More.States,
		}
		return args, nil
	case removepodsviolatinginterpodantiaffinity.PluginName:
		return &removepodsviolatinginterpodantiaffinity.RemovePodsViolatingInterPodAntiAffinityArgs{
			Namespaces: one.namespaces(), LabelSelector: labelSelector(one.Selector),
		}, nil
	}
	return nil, fmt.Errorf("no plugin %s", one.Plugin)
}
