package main

import (
	"encoding/json"
	"os"
	"path/filepath"

	appsv1 "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/yaml"
)

// What `kubectl apply` leaves behind when it creates an object from a manifest.
func setLastApplied(one *appsv1.Deployment) {
	text, err := json.Marshal(one)
	must(err)
	if one.Annotations == nil {
		one.Annotations = map[string]string{}
	}
	one.Annotations[v1.LastAppliedConfigAnnotation] = string(text)
}

// Client-side apply: the three-way merge of kubectl's own library, then the defaults of the API server.
func (w *world) apply(s *scenario, file string) error {
	text, err := os.ReadFile(filepath.Join(s.folder, file))
	if err != nil {
		return err
	}
	modified, err := yaml.YAMLToJSON(text)
	if err != nil {
		return err
	}
	object, err := decode(text)
	if err != nil {
		return err
	}
	name := object.(*appsv1.Deployment)
	live := w.deployment(name.Namespace + "/" + name.Name)
	current, err := json.Marshal(live)
	if err != nil {
		return err
	}
	schema, err := strategicpatch.NewPatchMetaFromStruct(appsv1.Deployment{})
	if err != nil {
		return err
	}
	original := []byte(live.Annotations[v1.LastAppliedConfigAnnotation])
	patch, err := strategicpatch.CreateThreeWayMergePatch(original, modified, current, schema, true)
	if err != nil {
		return err
	}
	merged, err := strategicpatch.StrategicMergePatch(current, patch, appsv1.Deployment{})
	if err != nil {
		return err
	}
	result := &appsv1.Deployment{}
	if err := json.Unmarshal(merged, result); err != nil {
		return err
	}
	defaulted(result)
	result.Generation++
	w.put(deploymentResource, result)
	return nil
}
