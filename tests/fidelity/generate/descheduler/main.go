// Command descheduler calls the descheduler's own plugins on random small clusters and writes what they evict as
// compressed JSON lines: a header with seed and versions, then one vector a line.
package main

import (
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"k8s.io/klog/v2"
)

// A policy and pods on nodes: what the plugin may evict.
type vector struct {
	Cluster *cluster `json:"cluster"`
	state
	// Pods evicted, by workload, by node; over many orders of pods and nodes.
	Evicted [][2][]int `json:"evicted"`
}

// States of each cluster.
const states = 8

func main() {
	seed := flag.Int64("seed", 20260101, "seed of the random inputs")
	count := flag.Int("count", 3200, "vectors")
	only := flag.String("only", "", "name of the one file to write")
	out := flag.String("out", "../../vectors", "folder for the vectors")
	flag.Parse()
	silence()
	for _, one := range files {
		if *only != "" && *only != one.name {
			continue
		}
		if err := one.write(rand.New(rand.NewSource(*seed)), *seed, *count, *out); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// A file of vectors: plugins take turns.
type file struct {
	name    string
	plugins []string
	inputs  func(*rand.Rand, string) cluster
	state   func(*rand.Rand, *cluster) state
}

var files = []file{{"descheduler", plugins, clusterCase, stateCase}, {"descheduler-more", morePlugins, moreCase, moreState}}

func silence() {
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "stderrthreshold": "FATAL"} {
		if err := flags.Set(name, value); err != nil {
			panic(err)
		}
	}
	klog.SetOutput(io.Discard)
}

func (one file) write(random *rand.Rand, seed int64, count int, out string) error {
	file, err := os.Create(filepath.Join(out, one.name+".jsonl.gz"))
	if err != nil {
		return err
	}
	defer file.Close()
	zip := gzip.NewWriter(file)
	lines := json.NewEncoder(zip)
	header := map[string]any{"component": one.name, "seed": seed, "count": count, "descheduler": version()}
	if err := lines.Encode(header); err != nil {
		return err
	}
	evicting := map[string]int{}
	for number := 0; number < count; number += states {
		inputs := one.inputs(random, one.plugins[number/states%len(one.plugins)])
		for range states {
			next := vector{Cluster: &inputs, state: one.state(random, &inputs)}
			if next.Evicted, err = outcomes(random, &inputs, next.state); err != nil {
				return err
			}
			if len(next.Evicted) > 0 {
				evicting[inputs.Policy.Plugin]++
			}
			if err := lines.Encode(next); err != nil {
				return err
			}
		}
	}
	if err := zip.Close(); err != nil {
		return err
	}
	fmt.Printf("%s: %d vectors; some pod is evicted in %v\n", one.name, count, evicting)
	return file.Close()
}

// The version of the module that is called.
func version() string {
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if module.Path == "sigs.k8s.io/descheduler" {
				return strings.TrimPrefix(module.Version, "v")
			}
		}
	}
	return "unknown"
}
