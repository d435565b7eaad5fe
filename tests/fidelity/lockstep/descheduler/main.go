// Runs passes of the real descheduler: a line of JSON with a policy, nodes and pods comes in, a line with the pods it
// evicts goes out.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/testing"
	"k8s.io/klog/v2"
	"sigs.k8s.io/descheduler/cmd/descheduler/app/options"
	"sigs.k8s.io/descheduler/pkg/api"
	"sigs.k8s.io/descheduler/pkg/descheduler"
	"sigs.k8s.io/descheduler/pkg/features"
	"sigs.k8s.io/descheduler/pkg/framework/pluginregistry"
)

type request struct {
	Policy      string               `json:"policy"`
	Plugin      string               `json:"plugin"`
	Nodes       []*v1.Node           `json:"nodes"`
	Pods        []*v1.Pod            `json:"pods"`
	ReplicaSets []*appsv1.ReplicaSet `json:"replicaSets"`
}

type answer struct {
	Evicted []string `json:"evicted"`
	Error   string   `json:"error,omitempty"`
}

func main() {
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "stderrthreshold": "FATAL"} {
		if err := flags.Set(name, value); err != nil {
			log.Fatal(err)
		}
	}
	klog.SetOutput(io.Discard)
	descheduler.SetupPlugins()
	in, out := bufio.NewReaderSize(os.Stdin, 1<<20), json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		var asked request
		reply := answer{Evicted: []string{}}
		if err := json.Unmarshal(line, &asked); err != nil {
			reply.Error = err.Error()
		} else if reply.Evicted, err = pass(asked); err != nil {
			reply.Error = err.Error()
		}
		if err := out.Encode(reply); err != nil {
			log.Fatal(err)
		}
	}
}

// One pass of the whole descheduler, or of one plugin of it.
func pass(asked request) ([]string, error) {
	var objects []runtime.Object
	for _, node := range asked.Nodes {
		objects = append(objects, node)
	}
	for _, pod := range asked.Pods {
		objects = append(objects, pod)
	}
	for _, set := range asked.ReplicaSets {
		objects = append(objects, set)
	}
	client := fake.NewSimpleClientset(objects...)
	evicted, lock := []string{}, sync.Mutex{}
	client.PrependReactor("create", "pods", func(action testing.Action) (bool, runtime.Object, error) {
		if action.GetSubresource() != "eviction" {
			return false, nil, nil
		}
		lock.Lock()
		defer lock.Unlock()
		evicted = append(evicted, action.(testing.CreateAction).GetObject().(*policyv1.Eviction).Name)
		return true, nil, nil
	})
	policy, err := descheduler.LoadPolicyConfig(asked.Policy, client, pluginregistry.PluginRegistry)
	if err != nil {
		return nil, err
	}
	if asked.Plugin != "" && !only(policy, asked.Plugin) {
		return nil, fmt.Errorf("the policy does not enable %s", asked.Plugin)
	}
	server, err := options.NewDeschedulerServer()
	if err != nil {
		return nil, err
	}
	server.Client, server.EventClient = client, client
	server.DefaultFeatureGates = features.DefaultMutableFeatureGate
	err = descheduler.RunDeschedulerStrategies(context.Background(), server, policy, "v1")
	return evicted, err
}

// Leaves one plugin enabled; whether it was.
func only(policy *api.DeschedulerPolicy, plugin string) bool {
	found := false
	keep := func(set *api.PluginSet) {
		var kept []string
		for _, name := range set.Enabled {
			if name == plugin {
				kept, found = append(kept, name), true
			}
		}
		set.Enabled = kept
	}
	for index := range policy.Profiles {
		keep(&policy.Profiles[index].Plugins.Deschedule)
		keep(&policy.Profiles[index].Plugins.Balance)
	}
	return found
}
