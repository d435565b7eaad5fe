// Command generate calls the functions of Kubernetes' own controllers on random small inputs and writes what they do
// as compressed JSON lines: a header with seed and versions, then one vector a line.
package main

import (
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// component is a part of Kubernetes with its generator.
type component struct {
	name     string
	generate func(random *rand.Rand, count int) ([]any, error)
}

var components = []component{
	{"deployment", deploymentVectors},
	{"disruption", disruptionVectors},
	{"eviction", evictionVectors},
	{"hpa", hpaVectors},
	{"kubelet", kubeletVectors},
	{"preemption", preemptionVectors},
	{"replicaset", replicaSetVectors},
	{"scheduler", schedulerVectors},
	{"taints", taintVectors},
	{"zones", zoneVectors},
}

func main() {
	seed := flag.Int64("seed", 20260101, "seed of the random inputs")
	count := flag.Int("count", 3200, "vectors of each component")
	out := flag.String("out", "../vectors", "folder for the vectors")
	only := flag.String("only", "", "make the vectors of this component only")
	flag.Parse()
	for _, one := range components {
		if *only != "" && *only != one.name {
			continue
		}
		if err := write(one, *seed, *count, *out); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", one.name, err)
			os.Exit(1)
		}
	}
}

func write(one component, seed int64, count int, out string) error {
	vectors, err := one.generate(rand.New(rand.NewSource(seed)), count)
	if err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(out, one.name+".jsonl.gz"))
	if err != nil {
		return err
	}
	defer file.Close()
	zip := gzip.NewWriter(file)
	lines := json.NewEncoder(zip)
	header := map[string]any{"component": one.name, "seed": seed, "count": count, "kubernetes": kubernetesVersion()}
	for _, line := range append([]any{header}, vectors...) {
		if err := lines.Encode(line); err != nil {
			return err
		}
	}
	if err := zip.Close(); err != nil {
		return err
	}
	fmt.Printf("%s: %d vectors\n", one.name, len(vectors))
	return file.Close()
}

// kubernetesVersion is the version of the module that is called.
func kubernetesVersion() string {
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if module.Path == "k8s.io/kubernetes" {
				return strings.TrimPrefix(module.Version, "v")
			}
		}
	}
	return "unknown"
}
