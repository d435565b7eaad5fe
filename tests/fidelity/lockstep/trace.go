package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"
)

// A saved run of the model.
type trace struct {
	Name   string           `json:"name"`
	Intent string           `json:"intent"`
	Pools  []size           `json:"pools"`
	Values []size           `json:"values"`
	Start  map[string]int64 `json:"initial"`
	Steps  []step           `json:"steps"`
	Ending string           `json:"ending"`
	// First and last step of the loop, counted from 1.
	Loop *[2]int `json:"loop"`
}

type size struct {
	Name  string `json:"name"`
	Count string `json:"count"`
}

type step struct {
	Number           int              `json:"number"`
	Actor            string           `json:"actor"`
	Reason           string           `json:"reason"`
	Text             string           `json:"text"`
	Rule             string           `json:"rule"`
	Picks            map[string]int64 `json:"picks"`
	OverApproximates string           `json:"overApproximates"`
	// Variables of the model that the step changed, with their new values.
	Changes map[string]int64 `json:"changes"`
	// All variables before and after the step.
	before, after map[string]int64
}

func readTrace(path string) (*trace, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	run := &trace{}
	if err := json.Unmarshal(text, run); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	raw := maps.Clone(run.Start)
	for index := range run.Steps {
		run.Steps[index].before = decoded(raw)
		maps.Copy(raw, run.Steps[index].Changes)
		run.Steps[index].after = decoded(raw)
	}
	return run, nil
}

// A value that the run starts with, as the input would write it; empty if the input fixes it.
func (run *trace) value(name string) string {
	for _, one := range run.Values {
		if one.Name == name {
			return one.Count
		}
	}
	return ""
}

func (run *trace) poolSizes() map[string]int {
	sizes := map[string]int{}
	for _, one := range run.Pools {
		count, err := strconv.Atoi(one.Count)
		must(err)
		sizes[one.Name] = count
	}
	return sizes
}

// The state without what a pod does not show: how much of its start-up is left.
func decoded(raw map[string]int64) map[string]int64 {
	state := map[string]int64{}
	for name, value := range raw {
		if rest, is := strings.CutPrefix(name, "starting"); is {
			name = "starting" + rest[strings.Index(rest, "["):]
		}
		state[name] += value
	}
	return state
}
