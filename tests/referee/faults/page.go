package main

import (
	"fmt"
	"strings"
)

// releases are those that the referee builds.
var releases = []string{"1.33", "1.36"}

// page is docs/src/reproduced-faults.md, made of the last record of each run.
func (own *settings) page() (string, error) {
	var rows, told, cases strings.Builder
	for _, release := range releases {
		runs, err := own.read(release)
		if err != nil {
			return "", err
		}
		if len(runs) == 0 {
			continue
		}
		reproduced, tried := tally(runs)
		fmt.Fprintf(&told, "Kubernetes %s: of %d cases **%d are reproduced**.\n", release, tried, reproduced)
		for _, one := range all {
			if both, isThere := runs[one.name]; isThere {
				rows.WriteString(row(one, release, both))
			}
		}
	}
	for _, one := range all {
		cases.WriteString(one.describe(own))
	}
	return fmt.Sprintf(head, told.String(), rows.String()) + cases.String(), nil
}

func tally(runs recorded) (reproduced, tried int) {
	for _, both := range runs {
		tried++
		if isReproduced(both) {
			reproduced++
		}
	}
	return reproduced, tried
}

// isReproduced says whether the failure was seen with the fault, and stayed away without.
func isReproduced(both map[bool]record) bool {
	with, without := both[true], both[false]
	isTried := without.Case != "" && without.Error == "" && with.Error == ""
	return with.Seen && isTried && !without.Seen
}

func row(one faultCase, release string, both map[bool]record) string {
	return fmt.Sprintf("| [%s](#%s) | %s | %s | %s | %s | %s |\n", one.name, one.name, release,
		verdict(both), outcome(both[false]), cell(both[true].Asked), cell(both[false].Asked))
}

func verdict(both map[bool]record) string {
	with := both[true]
	switch {
	case isReproduced(both):
		return fmt.Sprintf("**reproduced** (%.0f s): %s", with.Seconds, cell(last(with)))
	case with.Error != "":
		return "not tried to its end: " + cell(with.Error)
	case with.Seen:
		return fmt.Sprintf("seen (%.0f s), but the run without it decides nothing", with.Seconds)
	default:
		return fmt.Sprintf("not reproduced (%.0f s): %s", with.Seconds, cell(last(with)))
	}
}

func outcome(without record) string {
	switch {
	case without.Case == "":
		return "not run"
	case without.Error != "":
		return "not tried to its end: " + cell(without.Error)
	case without.Seen:
		return fmt.Sprintf("**the failure was seen** (%.0f s)", without.Seconds)
	default:
		return fmt.Sprintf("stays away (%.0f s): %s", without.Seconds, cell(last(without)))
	}
}

// last is what the run said of its end.
func last(done record) string {
	for at := len(done.Said) - 1; at >= 0; at-- {
		_, what, _ := strings.Cut(strings.TrimSpace(done.Said[at]), " s  ")
		if strings.HasPrefix(what, finding) {
			return strings.TrimPrefix(what, finding)
		}
	}
	return ""
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

// describe is the paragraph about a case.
func (one faultCase) describe(own *settings) string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n## %s\n\n%s (%s).\n\n", one.name, one.title, one.source)
	fmt.Fprintf(&text, "- Fault: %s.\n- Counts as reproduced: %s.\n", one.fault, one.failure)
	if one.remark != "" {
		fmt.Fprintf(&text, "- Kubound: %s\n", one.remark)
	}
	for _, release := range releases {
		runs, err := own.read(release)
		if err != nil || len(runs[one.name][true].Said) == 0 {
			continue
		}
		fmt.Fprintf(&text, "\n```text\nKubernetes %s, with the fault\n%s\n```\n", release,
			strings.Join(plain(runs[one.name][true].Said), "\n"))
	}
	return text.String()
}

func plain(said []string) []string {
	lines := make([]string, len(said))
	for at, line := range said {
		lines[at] = strings.Replace(line, finding, "", 1)
	}
	return lines
}

const head = `# Faults on a real control plane

` + "`scripts/referee faults`" + ` writes this page. Each case is a [fault](faults.md) that comes between controllers and what they talk to, on
a [real control plane](referee.md): etcd, API servers, controller manager and scheduler are the real ones, nodes and pods are played.
The controller that the fault is for has a process of its own, and sees the API server by way of a proxy, which pauses its watches,
loses its requests or their answers, or lets nothing more pass from a certain write on. Processes are killed, and started again.

Each case runs twice on control planes of its own, with the fault and without. It is *reproduced* if the failure is seen with the
fault and not without. Both runs look again and again for the same time. Kubound is asked the same both times: with the fault as a
budget (` + "`--crash 1`" + ` and so on), and without; its words are the verdicts of the intents that the scenario has.

%s
| case | release | with the fault | without | Kubound, with | Kubound, without |
|---|---|---|---|---|---|
%s`
