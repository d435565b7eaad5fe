package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// A question to Kubound: a folder with a scenario, and flags.
type question struct {
	folder string
	flags  []string
}

// String is the command.
func (asked question) String() string {
	return "`" + strings.Join(append([]string{"kubound verify", asked.folder}, asked.flags...), " ") + "`"
}

var versionKey = regexp.MustCompile(`kubernetesVersion: "[0-9.]*"`)

// ask returns the verdicts of all intents, or why there are none.
func (own *settings) ask(asked question) string {
	folder, err := own.ofRelease(asked.folder)
	if err != nil {
		return err.Error()
	}
	defer os.RemoveAll(folder)
	arguments := append([]string{"verify", folder, "--no-repairs", "-o", "json", "--timeout", "60s"}, asked.flags...)
	var errors strings.Builder
	command := exec.Command(own.kubound, arguments...)
	command.Stderr = &errors
	output, _ := command.Output()
	var report struct {
		Results []struct{ Intent, Verdict string }
	}
	if err := json.Unmarshal(output, &report); err != nil || len(report.Results) == 0 {
		return firstLine(errors.String())
	}
	var verdicts []string
	for _, one := range report.Results {
		verdicts = append(verdicts, fmt.Sprintf("`%s` %s", one.Intent, one.Verdict))
	}
	return strings.Join(verdicts, ", ")
}

// ofRelease copies a folder, with the release of the control plane in the place of that of its scenario.
func (own *settings) ofRelease(folder string) (string, error) {
	into, err := os.MkdirTemp("", "asked")
	if err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(own.root, folder, "*.yaml"))
	if err != nil {
		return "", err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		text = versionKey.ReplaceAll(text, fmt.Appendf(nil, "kubernetesVersion: %q", own.release))
		if err := os.WriteFile(filepath.Join(into, filepath.Base(file)), text, 0o644); err != nil {
			return "", err
		}
	}
	return into, nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
