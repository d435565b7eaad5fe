package main

import (
	"context"
	"math/rand"
	"sort"

	appsv1 "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/testing"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	internalcache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

// What a profile changes of the defaults.
type schedulerProfile struct {
	// Weights of plugins, 0 for those that do not score; absent for the defaults.
	Weights map[string]int32 `json:"weights"`
	// Filters switched off.
	Disabled []string `json:"disabled"`
	// LeastAllocated, MostAllocated or RequestedToCapacityRatio; resources and, for the latter, points of utilisation and score.
	Strategy  string     `json:"strategy"`
	Resources []weighted `json:"resources"`
	Shape     [][2]int32 `json:"shape"`
	Balanced  []string   `json:"balanced"`
	// Default constraints; absent for the system's own.
	Spread []spreadConstraint `json:"spread"`
	// What a required affinity of a pod that is there adds; absent for the default.
	HardWeight *int32 `json:"hardWeight,omitempty"`
	// Whether preferences of pods that are there count only if the next pod has some.
	IgnoresOthers bool `json:"ignoresOthers,omitempty"`
}

type weighted struct {
	Name   string `json:"name"`
	Weight int64  `json:"weight"`
}

var (
	schedulerFilters = []string{"NodeUnschedulable", "TaintToleration", "NodeAffinity", "NodePorts", "NodeResourcesFit", "PodTopologySpread", "InterPodAffinity"}
	schedulerScores  = []string{"TaintToleration", "NodeAffinity", "NodeResourcesFit", "NodeResourcesBalancedAllocation", "PodTopologySpread", "InterPodAffinity"}
)

// Half the profiles are the default one; the others show one plugin alone, or change arguments.
func schedulerProfileCase(random *rand.Rand) schedulerProfile {
	profile := schedulerProfile{
		Disabled: []string{}, Strategy: "LeastAllocated", Resources: []weighted{{"cpu", 1}, {"memory", 1}}, Shape: [][2]int32{},
		Balanced: []string{"cpu", "memory"},
	}
	switch random.Intn(12) {
	case 0, 1:
		only := pick(random, schedulerScores...)
		profile.Weights = map[string]int32{}
		for _, name := range schedulerScores {
			profile.Weights[name] = 0
		}
		profile.Weights[only] = 1
	case 2:
		only := pick(random, schedulerFilters...)
		for _, name := range schedulerFilters {
			if name != only {
				profile.Disabled = append(profile.Disabled, name)
			}
		}
	case 10:
		weight := pick[int32](random, 0, 7, 100)
		profile.HardWeight, profile.IgnoresOthers = &weight, chance(random, 50)
	case 3:
		profile.Strategy = pick(random, "MostAllocated", "RequestedToCapacityRatio", "RequestedToCapacityRatio")
		if profile.Strategy == "RequestedToCapacityRatio" {
			profile.Shape = pick(random, [][2]int32{{0, 0}, {100, 10}}, [][2]int32{{0, 10}, {100, 0}}, [][2]int32{{20, 3}, {33, 7}, {80, 10}})
		}
		profile.Resources = pick(random, profile.Resources, []weighted{{"cpu", 3}, {"memory", 1}}, []weighted{{"cpu", 1}, {"example.com/gpu", 2}}, []weighted{{"memory", 1}, {"ephemeral-storage", 1}})
	case 4:
		profile.Balanced = pick(random, []string{"cpu"}, []string{"cpu", "memory", "example.com/gpu"}, []string{"memory", "example.com/gpu"}, []string{"cpu", "ephemeral-storage"})
		profile.Spread = []spreadConstraint{}
		for range random.Intn(3) {
			next := spreadCase(random)
			// Defaults have no selector; the API server refuses two with the same key and action.
			next.Selector = nil
			if len(profile.Spread) == 0 || profile.Spread[0].Key != next.Key {
				profile.Spread = append(profile.Spread, next)
			}
		}
	}
	return profile
}

// A framework over a snapshot that is exchanged between cycles.
type schedulerHarness struct {
	framework framework.Framework
	nominator nominator
	informers informers.SharedInformerFactory
	cluster   *schedulerCluster
	plugins   map[string]framework.Plugin
	lister    *movingLister
	weights   map[string]int
	cancel    context.CancelFunc
}

type movingLister struct{ framework.SharedLister }

func newSchedulerHarness(cluster *schedulerCluster) (*schedulerHarness, error) {
	metrics.Register()
	ctx, cancel := context.WithCancel(context.Background())
	harness := &schedulerHarness{
		cluster: cluster, plugins: map[string]framework.Plugin{}, lister: &movingLister{}, weights: map[string]int{}, cancel: cancel,
		nominator: nominator{},
	}
	defaults, err := latest.Default()
	if err != nil {
		return nil, err
	}
	profile := &defaults.Profiles[0]
	cluster.Profile.configure(profile)
	registry := frameworkruntime.Registry{}
	for name, factory := range plugins.NewInTreeRegistry() {
		registry[name] = func(ctx context.Context, args runtime.Object, handle framework.Handle) (framework.Plugin, error) {
			plugin, err := factory(ctx, args, handle)
			harness.plugins[name] = plugin
			return plugin, err
		}
	}
	client := fake.NewSimpleClientset()
	// Pods are in no store; whatever is written of them is taken.
	client.PrependReactor("*", "pods", func(testing.Action) (bool, runtime.Object, error) { return true, &v1.Pod{}, nil })
	factory := informers.NewSharedInformerFactory(client, 0)
	harness.informers = factory
	if err := cluster.describe(factory); err != nil {
		return nil, err
	}
	harness.framework, err = frameworkruntime.NewFramework(
		ctx, registry, profile,
		frameworkruntime.WithClientSet(client),
		frameworkruntime.WithInformerFactory(factory),
		frameworkruntime.WithSnapshotSharedLister(harness.lister),
		frameworkruntime.WithEventRecorder(&events.FakeRecorder{}),
		frameworkruntime.WithWaitingPods(frameworkruntime.NewWaitingPodsMap()),
		frameworkruntime.WithPodNominator(harness.nominator),
		frameworkruntime.WithParallelism(1),
		frameworkruntime.WithLogger(klog.Logger{}),
	)
	if err != nil {
		return nil, err
	}
	for _, one := range harness.framework.ListPlugins().Score.Enabled {
		harness.weights[one.Name] = int(one.Weight)
	}
	return harness, nil
}

func (changes schedulerProfile) configure(profile *config.KubeSchedulerProfile) {
	for _, name := range changes.Disabled {
		profile.Plugins.PreFilter.Disabled = append(profile.Plugins.PreFilter.Disabled, config.Plugin{Name: name})
		profile.Plugins.Filter.Disabled = append(profile.Plugins.Filter.Disabled, config.Plugin{Name: name})
	}
	for _, name := range schedulerScores {
		weight, changed := changes.Weights[name]
		if changed && weight == 0 {
			profile.Plugins.Score.Disabled = append(profile.Plugins.Score.Disabled, config.Plugin{Name: name})
		} else if changed {
			profile.Plugins.Score.Enabled = append(profile.Plugins.Score.Enabled, config.Plugin{Name: name, Weight: weight})
		}
	}
	for _, one := range profile.PluginConfig {
		switch args := one.Args.(type) {
		case *config.NodeResourcesFitArgs:
			args.ScoringStrategy = &config.ScoringStrategy{Type: config.ScoringStrategyType(changes.Strategy)}
			for _, resource := range changes.Resources {
				args.ScoringStrategy.Resources = append(args.ScoringStrategy.Resources, config.ResourceSpec{Name: resource.Name, Weight: resource.Weight})
			}
			if len(changes.Shape) > 0 {
				args.ScoringStrategy.RequestedToCapacityRatio = &config.RequestedToCapacityRatioParam{}
				for _, point := range changes.Shape {
					ratio := args.ScoringStrategy.RequestedToCapacityRatio
					ratio.Shape = append(ratio.Shape, config.UtilizationShapePoint{Utilization: point[0], Score: point[1]})
				}
			}
		case *config.NodeResourcesBalancedAllocationArgs:
			args.Resources = nil
			for _, name := range changes.Balanced {
				args.Resources = append(args.Resources, config.ResourceSpec{Name: name, Weight: 1})
			}
		case *config.InterPodAffinityArgs:
			if changes.HardWeight != nil {
				args.HardPodAffinityWeight = *changes.HardWeight
			}
			args.IgnorePreferredTermsOfExistingPods = changes.IgnoresOthers
		case *config.PodTopologySpreadArgs:
			if changes.Spread != nil {
				args.DefaultingType = config.ListDefaulting
				for _, constraint := range changes.Spread {
					args.DefaultConstraints = append(args.DefaultConstraints, constraint.real())
				}
			}
		}
	}
}

// The ReplicaSets of the pods, and Services, which default constraints look up.
func (cluster *schedulerCluster) describe(factory informers.SharedInformerFactory) error {
	for index, workload := range cluster.Workloads {
		selector := &metav1.LabelSelector{MatchLabels: workload.podLabels()}
		set := &appsv1.ReplicaSet{
			ObjectMeta: metav1.ObjectMeta{Namespace: workload.Namespace, Name: workload.Name, UID: "replica-set"},
			Spec:       appsv1.ReplicaSetSpec{Selector: selector},
		}
		if err := factory.Apps().V1().ReplicaSets().Informer().GetIndexer().Add(set); err != nil {
			return err
		}
		if cluster.Services[index] {
			service := &v1.Service{
				ObjectMeta: metav1.ObjectMeta{Namespace: workload.Namespace, Name: workload.Name},
				Spec:       v1.ServiceSpec{Selector: map[string]string{"app": workload.Labels["app"]}},
			}
			if err := factory.Core().V1().Services().Informer().GetIndexer().Add(service); err != nil {
				return err
			}
		}
		namespace := &v1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: workload.Namespace, Labels: map[string]string{v1.LabelMetadataName: workload.Namespace},
		}}
		if err := factory.Core().V1().Namespaces().Informer().GetIndexer().Add(namespace); err != nil {
			return err
		}
	}
	return nil
}

// Pods nominated to nodes, by node.
type nominator map[string][]*framework.PodInfo

func (nominator) AddNominatedPod(klog.Logger, *framework.PodInfo, *framework.NominatingInfo) {}

func (nominator) DeleteNominatedPodIfExists(*v1.Pod) {}

func (nominator) UpdateNominatedPod(klog.Logger, *v1.Pod, *framework.PodInfo) {}

func (nominated nominator) NominatedPodsForNode(node string) []*framework.PodInfo {
	return nominated[node]
}

// Takes a snapshot; its nodes, sorted.
func (harness *schedulerHarness) snapshot(pods []*v1.Pod) []*framework.NodeInfo {
	var nodes []*v1.Node
	for _, node := range harness.cluster.Nodes {
		nodes = append(nodes, node.real())
	}
	snapshot := internalcache.NewSnapshot(pods, nodes)
	harness.lister.SharedLister = snapshot
	infos, _ := snapshot.NodeInfos().List()
	sort.Slice(infos, func(i, j int) bool { return infos[i].Node().Name < infos[j].Node().Name })
	return infos
}

// The enabled filters of interest.
func (harness *schedulerHarness) filters() []framework.FilterPlugin {
	var filters []framework.FilterPlugin
	for _, one := range harness.framework.ListPlugins().Filter.Enabled {
		if filter, ok := harness.plugins[one.Name].(framework.FilterPlugin); ok {
			filters = append(filters, filter)
		}
	}
	return filters
}
