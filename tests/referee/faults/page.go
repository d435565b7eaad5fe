package main

import (
	"fmt"
	"strings"
)

// releases are those that the referee builds.
var releases = []string{"1.33", "1.36"}

// page is docs/src/reproduced-faults.md, made of the last record of each run.
func (own *settings) page() (string, error) {
	results := map[string]recorded{}
	for _, release := range releases {
		runs, err := own.read(release)
		if err != nil {
			return "", err
		}
		results[release] = runs
	}
	var told, rows, cases strings.Builder
	for _, release := range releases {
		runs := results[release]
		if len(runs) == 0 {
			continue
		}
		reproduced, tried := tally(runs)
		fmt.Fprintf(&told, "- Kubernetes %s: of %d cases **%d are reproduced**.\n", release, tried, reproduced)
		for _, one := range all {
			if both, isThere := runs[one.name]; isThere {
				rows.WriteString(row(one, release, both))
			}
		}
	}
	for _, one := range all {
		cases.WriteString(one.describe(results))
	}
	return fmt.Sprintf(head, differences(results), told.String(), rows.String()) + cases.String(), nil
}

// differences names the cases in which a verdict is not what was seen, with the releases.
func differences(results map[string]recorded) string {
	var named []string
	for _, one := range all {
		var in []string
		for _, release := range releases {
			if both := results[release][one.name]; one.differs(both[true]) || one.differs(both[false]) {
				in = append(in, release)
			}
		}
		if len(in) > 0 {
			named = append(named, fmt.Sprintf("[%s](#%s) (%s)", one.name, one.name, strings.Join(in, ", ")))
		}
	}
	if len(named) == 0 {
		return "There are none."
	}
	return strings.Join(named, ", ") + "; the paragraphs below say why."
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
	return fmt.Sprintf("| [%s](#%s) | %s | %s | %s | %s |\n", one.name, one.name, release, verdict(both),
		outcome(both[false]), one.compare(both))
}

// compare says whether Kubound's verdicts are what was seen.
func (one faultCase) compare(both map[bool]record) string {
	if one.intent == "" {
		return "cannot be asked"
	}
	var told []string
	for _, isFaulty := range []bool{true, false} {
		if run := both[isFaulty]; run.Case != "" && run.Error == "" {
			told = append(told, one.compareRun(run))
		}
	}
	return strings.Join(told, "; ")
}

func (one faultCase) compareRun(run record) string {
	when := "without"
	if run.IsFaulty {
		when = "with"
	}
	told := one.told(run)
	if one.differs(run) {
		told = "**" + told + "**"
	}
	return when + ": " + told
}

// told is the verdict about the intent that speaks of the failure; empty if there is none.
func (one faultCase) told(run record) string {
	for _, said := range strings.Split(run.Asked, ", ") {
		if told, isIt := strings.CutPrefix(said, "`"+one.intent+"` "); isIt {
			return told
		}
	}
	return ""
}

// differs says whether Kubound's verdict about a run is not what was seen.
func (one faultCase) differs(run record) bool {
	told := one.told(run)
	return told != "" && run.Error == "" && (told == "violated") != run.Seen
}

func verdict(both map[bool]record) string {
	with := both[true]
	switch {
	case with.Case == "":
		return "not run"
	case isReproduced(both):
		return fmt.Sprintf("**reproduced**%s (%.0f s): %s", atTry(with), with.Seconds, cell(last(with)))
	case with.Error != "":
		return "not tried to its end: " + cell(with.Error)
	case with.Seen:
		return fmt.Sprintf("seen (%.0f s), but the run without it decides nothing", with.Seconds)
	default:
		return fmt.Sprintf("not reproduced in %s (%.0f s): %s", tries(with), with.Seconds, cell(last(with)))
	}
}

func atTry(done record) string {
	if done.Tries > 1 {
		return fmt.Sprintf(" at try %d", done.Tries)
	}
	return ""
}

func tries(done record) string {
	if done.Tries == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", done.Tries)
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
func (one faultCase) describe(results map[string]recorded) string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n## %s\n\n%s (%s).\n\n", one.name, one.title, one.source)
	fmt.Fprintf(&text, "- Fault: %s.\n- Counts as reproduced: %s.\n", one.fault, one.failure)
	fmt.Fprintf(&text, "- Asked: %s with the fault, %s without.\n", one.asked, one.askedWithout)
	if one.remark != "" {
		fmt.Fprintf(&text, "- Model and reality: %s\n", one.remark)
	}
	for _, release := range releases {
		if said := results[release][one.name][true].Said; len(said) > 0 {
			fmt.Fprintf(&text, "\n```text\nKubernetes %s, with the fault\n%s\n```\n", release, strings.Join(plain(said), "\n"))
		}
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
fault and not without. Both runs look again and again for the same time. Some faults hit only if processes are quick or slow at the
right moment, and are tried several times. Some are there to be survived: nothing is known to break.

Kubound is asked the same both times, about the release that runs; the last column has its verdict about the intent that speaks of the
failure. **Bold** verdicts are not what was seen: %s

%s
| case | release | with the fault | without | Kubound |
|---|---|---|---|---|
%s`
