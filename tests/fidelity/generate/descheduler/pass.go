package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"sort"

	v1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/testing"
	"k8s.io/client-go/tools/events"
	"k8s.io/component-base/featuregate"
	"sigs.k8s.io/descheduler/pkg/api"
	"sigs.k8s.io/descheduler/pkg/descheduler/evictions"
	podutil "sigs.k8s.io/descheduler/pkg/descheduler/pod"
	"sigs.k8s.io/descheduler/pkg/features"
	frameworkfake "sigs.k8s.io/descheduler/pkg/framework/fake"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/defaultevictor"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/nodeutilization"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/podlifetime"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/removeduplicates"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/removepodsviolatinginterpodantiaffinity"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/removepodsviolatingnodeaffinity"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/removepodsviolatingnodetaints"
	"sigs.k8s.io/descheduler/pkg/framework/plugins/removepodsviolatingtopologyspreadconstraint"
	frameworktypes "sigs.k8s.io/descheduler/pkg/framework/types"
)

var plugins = []string{
	removeduplicates.PluginName,
	removepodsviolatingtopologyspreadconstraint.PluginName,
	removepodsviolatingnodetaints.PluginName,
	removepodsviolatingnodeaffinity.PluginName,
	removepodsviolatingtopologyspreadconstraint.PluginName,
	removepodsviolatingnodeaffinity.PluginName,
}

// One plugin with its arguments and evictor, and the limits of a pass.
type policy struct {
	Plugin  string  `json:"plugin"`
	Evictor evictor `json:"evictor"`
	// Namespaces looked at or left alone; absent: all are looked at.
	Include []string `json:"include"`
	Exclude []string `json:"exclude"`
	// Pods looked at; absent: all.
	Selector           []requirement `json:"selector"`
	ExcludeOwnerKinds  []string      `json:"excludeOwnerKinds"`
	IncludePreferences bool          `json:"includePreferNoSchedule"`
	ExcludedTaints     []string      `json:"excludedTaints"`
	Required           bool          `json:"required"`
	Preferred          bool          `json:"preferred"`
	Constraints        []string      `json:"constraints"`
	TopologyBalanceFit bool          `json:"topologyBalanceNodeFit"`
	MaxPerNode         *uint         `json:"maxPerNode"`
	MaxPerNamespace    *uint         `json:"maxPerNamespace"`
	MaxTotal           *uint         `json:"maxTotal"`
	More               *moreArgs     `json:"more,omitempty"`
}

type evictor struct {
	EvictLocalStoragePods   bool          `json:"evictLocalStoragePods"`
	EvictSystemCriticalPods bool          `json:"evictSystemCriticalPods"`
	IgnorePvcPods           bool          `json:"ignorePvcPods"`
	PriorityThreshold       *int32        `json:"priorityThreshold"`
	Selector                []requirement `json:"selector"`
	MinReplicas             uint          `json:"minReplicas"`
	NodeFit                 bool          `json:"nodeFit"`
}

// Passes without a new outcome after which no further one is expected, and most passes of a state.
const (
	patience = 60
	most     = 4000
)

// Of pods in any order some outcomes are rare.
func (one policy) patience() int {
	if one.More != nil {
		return 4 * patience
	}
	return patience
}

// What passes over the same pods in different orders evict; passes that evict nothing are left out.
func outcomes(random *rand.Rand, inputs *cluster, now state) ([][2][]int, error) {
	known := map[string][2][]int{}
	for pass, last := 0, 0; pass < most && pass-last <= inputs.Policy.patience()*max(1, len(known)); pass++ {
		evicted, err := inputs.pass(random, now)
		if err != nil {
			return nil, err
		}
		key, err := json.Marshal(evicted)
		if err != nil {
			return nil, err
		}
		if _, is := known[string(key)]; !is && some(evicted) {
			known[string(key)], last = evicted, pass
		}
	}
	keys := []string{}
	for key := range known {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	found := [][2][]int{}
	for _, key := range keys {
		found = append(found, known[key])
	}
	return found, nil
}

func some(evicted [2][]int) bool {
	for _, counts := range evicted {
		for _, count := range counts {
			if count > 0 {
				return true
			}
		}
	}
	return false
}

// One pass of the plugin over nodes and pods in a random order.
func (inputs *cluster) pass(random *rand.Rand, now state) ([2][]int, error) {
	ctx := context.Background()
	var none [2][]int
	pods := inputs.pods(now)
	random.Shuffle(len(pods), func(a, b int) { pods[a], pods[b] = pods[b], pods[a] })
	client, evicted := &fake.Clientset{}, map[string]bool{}
	client.AddReactor("create", "pods", func(action testing.Action) (bool, runtime.Object, error) {
		evicted[action.(testing.CreateAction).GetObject().(*policyv1.Eviction).Name] = true
		return true, nil, nil
	})
	informers := informers.NewSharedInformerFactory(client, 0)
	var ready []*v1.Node
	for place, one := range inputs.Nodes {
		real := one.real(now.NotReady[place])
		if err := informers.Core().V1().Nodes().Informer().GetIndexer().Add(real); err != nil {
			return none, err
		}
		if !now.NotReady[place] {
			ready = append(ready, real)
		}
	}
	random.Shuffle(len(ready), func(a, b int) { ready[a], ready[b] = ready[b], ready[a] })
	assigned := func(nodeName string, filter podutil.FilterFunc) ([]*v1.Pod, error) {
		var list []*v1.Pod
		for _, pod := range pods {
			if pod.Spec.NodeName == nodeName && (filter == nil || filter(pod)) {
				list = append(list, pod)
			}
		}
		return list, nil
	}
	handle := &frameworkfake.HandleImpl{
		ClientsetImpl: client, GetPodsAssignedToNodeFuncImpl: assigned, SharedInformerFactoryImpl: informers,
	}
	filter, err := defaultevictor.New(ctx, inputs.Policy.Evictor.real(), handle)
	if err != nil {
		return none, err
	}
	// The evictor declares the index that it counts replicas by.
	for _, pod := range pods {
		if err := informers.Core().V1().Pods().Informer().GetIndexer().Add(pod); err != nil {
			return none, err
		}
	}
	gates := featuregate.NewFeatureGate()
	if err := gates.Add(map[featuregate.Feature]featuregate.FeatureSpec{
		features.EvictionsInBackground: {Default: false, PreRelease: featuregate.Alpha},
	}); err != nil {
		return none, err
	}
	limits := evictions.NewOptions().WithMaxPodsToEvictPerNode(inputs.Policy.MaxPerNode).
		WithMaxPodsToEvictPerNamespace(inputs.Policy.MaxPerNamespace).WithMaxPodsToEvictTotal(inputs.Policy.MaxTotal)
	handle.PodEvictorImpl, err = evictions.NewPodEvictor(
		ctx, client, &events.FakeRecorder{}, informers.Core().V1().Pods().Informer(), gates, limits)
	if err != nil {
		return none, err
	}
	handle.EvictorFilterImpl = filter.(frameworktypes.EvictorPlugin)
	if err := inputs.Policy.run(ctx, handle, ready); err != nil {
		return none, err
	}
	return inputs.count(pods, evicted), nil
}

func (inputs *cluster) count(pods []*v1.Pod, evicted map[string]bool) [2][]int {
	var counts [2][]int
	for index, one := range inputs.Workloads {
		counts[index] = make([]int, len(inputs.Nodes))
		for place, there := range inputs.Nodes {
			for _, pod := range pods {
				if evicted[pod.Name] && pod.OwnerReferences[0].Name == one.Name && pod.Spec.NodeName == there.Name {
					counts[index][place]++
				}
			}
		}
	}
	return counts
}

func (one evictor) real() *defaultevictor.DefaultEvictorArgs {
	args := &defaultevictor.DefaultEvictorArgs{
		EvictLocalStoragePods: one.EvictLocalStoragePods, EvictSystemCriticalPods: one.EvictSystemCriticalPods,
		IgnorePvcPods: one.IgnorePvcPods, LabelSelector: labelSelector(one.Selector), MinReplicas: one.MinReplicas,
		NodeFit: one.NodeFit,
	}
	if one.PriorityThreshold != nil {
		args.PriorityThreshold = &api.PriorityThreshold{Value: one.PriorityThreshold}
	}
	return args
}

func (one policy) namespaces() *api.Namespaces {
	if one.Include == nil && one.Exclude == nil {
		return nil
	}
	return &api.Namespaces{Include: one.Include, Exclude: one.Exclude}
}

func (one policy) makeMore(ctx context.Context, handle frameworktypes.Handle) (frameworktypes.Plugin, error) {
	args, err := one.more()
	if err != nil {
		return nil, err
	}
	switch args := args.(type) {
	case *nodeutilization.LowNodeUtilizationArgs:
		return nodeutilization.NewLowNodeUtilization(ctx, args, handle)
	case *nodeutilization.HighNodeUtilizationArgs:
		return nodeutilization.NewHighNodeUtilization(ctx, args, handle)
	case *podlifetime.PodLifeTimeArgs:
		return podlifetime.New(ctx, args, handle)
	case *removepodsviolatinginterpodantiaffinity.RemovePodsViolatingInterPodAntiAffinityArgs:
		return removepodsviolatinginterpodantiaffinity.New(ctx, args, handle)
	}
	return nil, fmt.Errorf("arguments of %s", one.Plugin)
}

// Makes the plugin and runs it.
func (one policy) run(ctx context.Context, handle frameworktypes.Handle, nodes []*v1.Node) error {
	var plugin frameworktypes.Plugin
	var err error
	switch one.Plugin {
	case removeduplicates.PluginName:
		plugin, err = removeduplicates.New(ctx, &removeduplicates.RemoveDuplicatesArgs{
			Namespaces: one.namespaces(), ExcludeOwnerKinds: one.ExcludeOwnerKinds,
		}, handle)
	case removepodsviolatingtopologyspreadconstraint.PluginName:
		args := &removepodsviolatingtopologyspreadconstraint.RemovePodsViolatingTopologySpreadConstraintArgs{
			Namespaces: one.namespaces(), LabelSelector: labelSelector(one.Selector), TopologyBalanceNodeFit: &one.TopologyBalanceFit,
		}
		for _, action := range one.Constraints {
			args.Constraints = append(args.Constraints, v1.UnsatisfiableConstraintAction(action))
		}
		plugin, err = removepodsviolatingtopologyspreadconstraint.New(ctx, args, handle)
	case removepodsviolatingnodetaints.PluginName:
		plugin, err = removepodsviolatingnodetaints.New(ctx, &removepodsviolatingnodetaints.RemovePodsViolatingNodeTaintsArgs{
			IncludePreferNoSchedule: one.IncludePreferences, ExcludedTaints: one.ExcludedTaints,
		}, handle)
	case removepodsviolatingnodeaffinity.PluginName:
		args := &removepodsviolatingnodeaffinity.RemovePodsViolatingNodeAffinityArgs{
			TypeMeta: metav1.TypeMeta{}, Namespaces: one.namespaces(), LabelSelector: labelSelector(one.Selector),
		}
		if one.Required {
			args.NodeAffinityType = append(args.NodeAffinityType, "requiredDuringSchedulingIgnoredDuringExecution")
		}
		if one.Preferred {
			args.NodeAffinityType = append(args.NodeAffinityType, "preferredDuringSchedulingIgnoredDuringExecution")
		}
		plugin, err = removepodsviolatingnodeaffinity.New(ctx, args, handle)
	default:
		plugin, err = one.makeMore(ctx, handle)
	}
	if err != nil {
		return err
	}
	var status *frameworktypes.Status
	switch plugin := plugin.(type) {
	case frameworktypes.DeschedulePlugin:
		status = plugin.Deschedule(ctx, nodes)
	case frameworktypes.BalancePlugin:
		status = plugin.Balance(ctx, nodes)
	default:
		return fmt.Errorf("%s is no plugin of a pass", one.Plugin)
	}
	if status != nil {
		return status.Err
	}
	return nil
}
