// Writes the names of all fields of the kinds that Kubound reads, by type, from what the projects release: the OpenAPI
// schema of Kubernetes, and the Go types of the scheduler's configuration, the descheduler and the vertical autoscaler.
//
//	cd tests/fields/generate && go run . > ../fields.txt
//
// Versions may be given as arguments, such as k8s.io/kubernetes@v1.36.3; without them the newest releases count.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
)

// Types of an OpenAPI schema from which all others are reached.
var roots = []string{
	"io.k8s.api.apps.v1.DaemonSet",
	"io.k8s.api.apps.v1.Deployment",
	"io.k8s.api.apps.v1.ReplicaSet",
	"io.k8s.api.apps.v1.StatefulSet",
	"io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler",
	"io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
	"io.k8s.api.batch.v1.CronJob",
	"io.k8s.api.batch.v1.Job",
	"io.k8s.api.core.v1.ConfigMap",
	"io.k8s.api.core.v1.LimitRange",
	"io.k8s.api.core.v1.Namespace",
	"io.k8s.api.core.v1.Node",
	"io.k8s.api.core.v1.PersistentVolume",
	"io.k8s.api.core.v1.PersistentVolumeClaim",
	"io.k8s.api.core.v1.Pod",
	"io.k8s.api.core.v1.ResourceQuota",
	"io.k8s.api.core.v1.Service",
	"io.k8s.api.policy.v1.PodDisruptionBudget",
	"io.k8s.api.scheduling.v1.PriorityClass",
	"io.k8s.api.storage.v1.CSIDriver",
	"io.k8s.api.storage.v1.StorageClass",
}

// A Go package with types, and those from which all others are reached.
type source struct {
	module, folder string
	roots          []string
}

var sources = []source{
	{"k8s.io/kube-scheduler", "config/v1", []string{
		"KubeSchedulerConfiguration", "NodeResourcesFitArgs", "NodeResourcesBalancedAllocationArgs",
		"PodTopologySpreadArgs", "NodeAffinityArgs", "InterPodAffinityArgs",
	}},
	{"sigs.k8s.io/descheduler", "pkg/api/v1alpha2", []string{"DeschedulerPolicy"}},
	{"sigs.k8s.io/descheduler", "pkg/api", []string{"EvictionLimits", "Namespaces", "PriorityThreshold"}},
	{"sigs.k8s.io/descheduler", "pkg/framework/plugins/defaultevictor", []string{"DefaultEvictorArgs"}},
	{"sigs.k8s.io/descheduler", "pkg/framework/plugins/nodeutilization", []string{
		"LowNodeUtilizationArgs", "HighNodeUtilizationArgs",
	}},
	{"sigs.k8s.io/descheduler", "pkg/framework/plugins/podlifetime", []string{"PodLifeTimeArgs"}},
	{"sigs.k8s.io/descheduler", "pkg/framework/plugins/removeduplicates", []string{"RemoveDuplicatesArgs"}},
	{"sigs.k8s.io/descheduler", "pkg/framework/plugins/removefailedpods", []string{"RemoveFailedPodsArgs"}},
	{"sigs.k8s.io/descheduler", "pkg/framework/plugins/removepodshavingtoomanyrestarts", []string{
		"RemovePodsHavingTooManyRestartsArgs",
	}},
	{"sigs.k8s.io/descheduler", "pkg/framework/plugins/removepodsviolatinginterpodantiaffinity", []string{
		"RemovePodsViolatingInterPodAntiAffinityArgs",
	}},
	{"sigs.k8s.io/descheduler", "pkg/framework/plugins/removepodsviolatingnodeaffinity", []string{
		"RemovePodsViolatingNodeAffinityArgs",
	}},
	{"sigs.k8s.io/descheduler", "pkg/framework/plugins/removepodsviolatingnodetaints", []string{
		"RemovePodsViolatingNodeTaintsArgs",
	}},
	{"sigs.k8s.io/descheduler", "pkg/framework/plugins/removepodsviolatingtopologyspreadconstraint", []string{
		"RemovePodsViolatingTopologySpreadConstraintArgs",
	}},
	{"k8s.io/autoscaler/vertical-pod-autoscaler", "pkg/apis/autoscaling.k8s.io/v1", []string{"VerticalPodAutoscaler"}},
}

// Fields of a type, by name; the type that a field holds, or is a list or mapping of, if it is known.
type fields map[string]string

func main() {
	log.SetFlags(0)
	folders := map[string]string{}
	types := map[string]fields{}
	module := func(path string) string {
		if folders[path] == "" {
			version := "latest"
			for _, argument := range os.Args[1:] {
				if name, given, is := strings.Cut(argument, "@"); is && name == path {
					version = given
				}
			}
			found, folder := download(path + "@" + version)
			fmt.Printf("# %s %s\n", path, found)
			folders[path] = folder
		}
		return folders[path]
	}
	openAPI(filepath.Join(module("k8s.io/kubernetes"), "api/openapi-spec/swagger.json"), types)
	for _, source := range sources {
		goTypes(source, module(source.module), types)
	}
	names := make([]string, 0, len(types))
	for name := range types {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		keys := make([]string, 0, len(types[name]))
		for key, holds := range types[name] {
			if holds != "" {
				key += ">" + holds
			}
			keys = append(keys, key)
		}
		sort.Strings(keys)
		fmt.Printf("%s: %s\n", name, strings.Join(keys, " "))
	}
}

// Version and folder of a module, which Go downloads.
func download(module string) (string, string) {
	var errors bytes.Buffer
	command := exec.Command("go", "mod", "download", "-json", module)
	command.Stderr = &errors
	output, err := command.Output()
	var answer struct{ Version, Dir, Error string }
	if json.Unmarshal(output, &answer) != nil || err != nil || answer.Dir == "" {
		log.Fatalf("cannot download %s: %v %s %s", module, err, answer.Error, errors.String())
	}
	return answer.Version, answer.Dir
}

func openAPI(file string, types map[string]fields) {
	type property struct {
		Ref                         string `json:"$ref"`
		Items, AdditionalProperties *property
	}
	var schema struct {
		Definitions map[string]struct{ Properties map[string]property }
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &schema)
	}
	if err != nil {
		log.Fatal(err)
	}
	var add func(name string)
	add = func(name string) {
		definition, is := schema.Definitions[name]
		if !is {
			log.Fatalf("no type %s", name)
		}
		if types[name] != nil || len(definition.Properties) == 0 {
			return
		}
		types[name] = fields{}
		for key, value := range definition.Properties {
			inner := &value
			for inner.Items != nil || inner.AdditionalProperties != nil {
				if inner.Items != nil {
					inner = inner.Items
				} else {
					inner = inner.AdditionalProperties
				}
			}
			holds := strings.TrimPrefix(inner.Ref, "#/definitions/")
			if len(schema.Definitions[holds].Properties) == 0 {
				holds = ""
			}
			types[name][key] = holds
			if holds != "" {
				add(holds)
			}
		}
	}
	for _, root := range roots {
		add(root)
	}
}

func goTypes(source source, folder string, types map[string]fields) {
	files, err := parser.ParseDir(token.NewFileSet(), filepath.Join(folder, source.folder), func(file os.FileInfo) bool {
		return !strings.HasSuffix(file.Name(), "_test.go")
	}, 0)
	if err != nil {
		log.Fatal(err)
	}
	declared := map[string]ast.Expr{}
	for _, one := range files {
		ast.Inspect(one, func(node ast.Node) bool {
			if declaration, is := node.(*ast.TypeSpec); is {
				declared[declaration.Name.Name] = declaration.Type
			}
			return true
		})
	}
	full := func(name string) string { return source.module + "/" + source.folder + "." + name }
	var add func(name string)
	var members func(of fields, structure *ast.StructType)
	add = func(name string) {
		structure, is := declared[name].(*ast.StructType)
		if !is || types[full(name)] != nil {
			return
		}
		types[full(name)] = fields{}
		members(types[full(name)], structure)
	}
	members = func(of fields, structure *ast.StructType) {
		for _, field := range structure.Fields.List {
			tag := ""
			if field.Tag != nil {
				tag = reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json")
			}
			key, options, _ := strings.Cut(tag, ",")
			holds := element(field.Type)
			if key == "" && (strings.Contains(options, "inline") || len(field.Names) == 0) {
				// Embedded: of this package, or TypeMeta and DebuggingConfiguration of another.
				if inner, is := declared[holds].(*ast.StructType); is {
					members(of, inner)
				} else if holds == "DebuggingConfiguration" {
					of["enableProfiling"], of["enableContentionProfiling"] = "", ""
				} else {
					of["apiVersion"], of["kind"] = "", ""
				}
				continue
			}
			if key == "-" {
				continue
			}
			if key == "" {
				key = field.Names[0].Name
			}
			of[key] = ""
			if _, is := declared[holds].(*ast.StructType); is {
				add(holds)
				of[key] = full(holds)
			}
		}
	}
	for _, root := range source.roots {
		if declared[root] == nil {
			log.Fatalf("no type %s", full(root))
		}
		add(root)
	}
}

// The name of the type that a field holds, or is a list, mapping or pointer of.
func element(expression ast.Expr) string {
	switch of := expression.(type) {
	case *ast.StarExpr:
		return element(of.X)
	case *ast.ArrayType:
		return element(of.Elt)
	case *ast.MapType:
		return element(of.Value)
	case *ast.SelectorExpr:
		return of.Sel.Name
	case *ast.Ident:
		return of.Name
	}
	return ""
}
