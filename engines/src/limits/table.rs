//! How far everything goes that Kubound does by itself: one table, shown by `kubound doctor --limits`. The limits of the
//! models are in [`kubound_encodings::limits`].

use kubound_encodings::limits;

limits! {
    /// Reading the input.
    reader {
        MAX_BYTES: u64 = 8 << 20, "bytes", "Largest file of manifests or scenarios.",
            "Larger ones are no manifests; what is read is kept for messages.";
        MAX_DEPTH: usize = 64, "levels", "Deepest nesting of YAML and JSON.",
            "Values are walked by recursion; no object of Kubernetes comes near.";
        MAX_VALUES: usize = 1_000_000, "values", "Values of one document, aliases expanded.",
            "Aliases of aliases grow exponentially.";
        MAX_REPEATED: usize = 16 << 20, "bytes", "Text that aliases of one document may repeat.",
            "Aliases of aliases grow exponentially.";
        MAX_DUPLICATES: usize = 1000, "keys", "Keys of one document that are reported as occurring again.",
            "Beyond it the file is broken as a whole, and the messages would not help.";
        MAX_KEY: usize = 1024, "bytes", "Longest key.", "Keys of labels have at most 317 characters.";
        MAX_REPLICAS: i64 = 10_000, "replicas", "Replicas of a workload.",
            "A real cluster has at most 150 000 pods in all.";
        MAX_NODES: i64 = 250, "nodes", "Nodes of all pools together that the scenario asks for.",
            "The rules that compare nodes grow with the square of their number.";
        MAX_AMOUNT: i64 = 1 << 50, "units", "Amount of a resource, in milli-cores, bytes or pieces.",
            "Sums over all pods and nodes stay far below the largest value of a term.";
        MOST_UNITS: i64 = 1_000_000, "units", "Amount of a resource in Kivi's input.",
            "As bytes it is still below what an amount may be.";
        MOST_FAILURES: i64 = 1000, "failures", "Failures that a Job may allow.",
            "Larger numbers mean the same for clusters of the size that is searched, and cost memory.";
        MOST_ACTIVE_JOBS: i64 = 8, "Jobs", "Active Jobs of a CronJob that a scenario may ask for.",
            "Each has pods of its own.";
        MOST_FAULTS: i64 = 16, "faults", "Faults of one kind that a scenario may ask for.",
            "Each multiplies the states that are reached; what needs more than a few is no accident any more.";
        MOST_VALUES: i64 = 1000, "values", "Values that `vary` tries of a field.",
            "A search tries each by itself, unless all of a range are safe.";
        MOST_VOLUME_ORDINALS: i64 = 64, "replicas", "Ordinals of a StatefulSet whose bound volumes are read.",
            "More ordinals cannot be modelled.";
        MOST_ROLLOUT: i64 = 100_000, "pods", "Pods that `maxSurge` and `maxUnavailable` may name.",
            "No cluster has so many pods; larger numbers would only cost memory.";
        MOST_TOLERANCE: i64 = 10_000, "thousandths", "Tolerance of horizontal autoscalers.",
            "A tolerance of ten times the target never scales.";
        MOST_OWNED: i64 = 16, "objects", "Alike objects that a custom controller may own.",
            "Each has a rule of its own for each entry that may write it.";
        MAX_WORDS: usize = 10_000, "bytes", "Longest expression in words.", "Each word becomes a term.";
        MAX_NESTING: usize = 50, "levels", "Deepest nesting of an expression in words.",
            "Expressions are read by recursion.";
        MAX_CEL: usize = 4000, "bytes", "Longest expression in CEL.", "Each word becomes a term for every member.";
        MAX_CEL_NESTING: usize = 40, "levels", "Deepest nesting of an expression in CEL.",
            "Expressions are read by recursion.";
        MAX_QUANTIFIERS: usize = 2, "quantifiers", "Quantifiers of CEL inside of each other.",
            "Each multiplies the size of the formula by the number of its members.";
        MAX_NUMBER: i64 = 1_000_000, "", "Largest number written in an expression in CEL.",
            "Products stay below the largest value of a term.";
        MOST_COUNTED: i64 = 1 << 58, "", "Largest number that an expression of a scenario may come to.",
            "Sums and differences of two of them stay below the largest value of a term.";
        MOST_COUNTED_PODS: i64 = 1_000_000, "pods", "Pods that an expression of a scenario may count.",
            "No cluster of the models has more.";
        MOST_STEPS: i64 = 1_000_000, "steps", "Depth that a scenario or a flag may ask for, and number that a flag about sizes takes.",
            "Runs of so many steps are beyond every engine.";
    }

    /// What is assumed where there is no scenario.
    first_run {
        TIMEOUT: Duration = 60_000, "ms", "Time for all intents together.", "The first answer must not be waited for.";
        MOST_WORK: usize = 9, "times", "Workloads, autoscalers counted twice, times what happens to them: 1 for the start, 1 for a drain, 1 for rollouts, 2 for node failures.",
            "What happens to several workloads multiplies; beyond it a search takes minutes.";
        WITH_DRAINS: u32 = 3, "parts", "Parts of the time, all but one of which are for everything that may happen, and one alone where that is nothing but drains; the rest is for what stays open, without drains.",
            "Proofs of large clusters take seconds; small ones are searched.";
        MOST_NEEDED: i64 = 2, "nodes", "Nodes that all pods need, from which on a larger size is not looked for.",
            "Each node more multiplies where pods may be.";
        MOST_DOMAINS: i64 = 3, "domains", "Zones or other domains that are assumed.", "Clouds have three zones.";
        PODS_OF_NODE: i64 = 110, "pods", "Pods that an assumed node takes.", "The default of the kubelet.";
    }

    /// Files that the commands read.
    files {
        MOST_STDIN: u64 = 16 << 20, "bytes", "Standard input.", "The reader refuses fewer bytes than that, by name.";
        MOST_BASELINE: u64 = 8 << 20, "bytes", "A baseline.", "It is read as a whole.";
        MOST_SETTINGS: u64 = 1 << 20, "bytes", "A file of settings.", "More is no file of settings.";
        MOST_RUN: u64 = 64 << 20, "bytes", "A saved run.", "It is read as a whole.";
        MOST_RECORDING: u64 = 256 << 20, "bytes", "A recording for `conform`.", "It is read as a whole.";
        MOST_REVISION: usize = 10_000, "files", "Files of a Git revision that `diff` copies.",
            "Each is one call of Git.";
    }

    /// The passes.
    passes {
        MOST_DIGESTS: usize = 40_000_000, "terms", "Terms digested in search of objects that differ only by name.",
            "Beyond it, symmetries are not worth the time that finding them takes.";
        MOST_EXCHANGES: usize = 20_000_000, "terms", "Terms digested in search of nodes that are alike, for one size of a cluster.",
            "Beyond it, symmetries are not worth the time that finding them takes.";
        CASES: u64 = 64, "values", "Values of a factor or divisor that are told apart.",
            "With a constant in its place, products and equal shares are linear; more cases are slower than what they replace.";
        MOST_SHARED: u64 = 4096, "values", "Values of what is shared out equally in linear arithmetic.",
            "Beyond it solvers of linear arithmetic do not come back.";
    }

    /// The explicit engine.
    explicit {
        MOST_STATES: usize = 3_000_000, "states", "States stored for one intent.",
            "They are kept in memory; beyond it the other engines have the better chances.";
        MOST_TRIES: u64 = 4_000_000, "assignments", "Partial assignments tried to enumerate initial states.",
            "Conditions that few states satisfy could be searched forever.";
        MOST_MARKS: usize = 8, "slots", "Slots of one colour that are told apart to sort a state.",
            "Each is another round over the state; what is left unsorted costs states, not answers.";
        MOST_READ: usize = 8, "variables", "Variables of a conjunct that reordering looks at.",
            "Conjuncts of more variables have so many writers that they are of no use.";
        LONGEST_LOOP: usize = 600, "steps", "Steps that are walked to close a loop.",
            "A loop of interchangeable slots closes after as many rounds as there are orders of them.";
        SMALL_TERM: u32 = 400, "nodes", "Size of a term that is computed whether needed or not.",
            "Larger ones are computed on demand, which costs a test each time.";
    }

    /// Random runs that look for violations.
    walks {
        STARTS: usize = 24, "states", "Initial states that random runs start in.", "More of them are seldom better than longer runs.";
        START_TRIES: u64 = 3000, "assignments", "Partial assignments tried to find one of them.",
            "One that is harder to find is left to the other engines.";
        SHORTEST: usize = 1000, "steps", "Steps of most random runs; some are longer.",
            "A run that came to a bad region starts anew.";
        MOST_RESTS: usize = 200, "states", "States at rest from which random runs go on.", "Each keeps all its values.";
        RESTS_OF_RUN: usize = 8, "states", "How many of them one run may add.", "They shall differ.";
        ATTEMPTS: usize = 64, "picks", "Random picks tried for one rule.", "The run may go on with another rule.";
        LEAST_MORE: u64 = 4000, "steps", "Steps of random runs after the first violation, in search of a shorter one.",
            "As many as before it; less than half a second on a large cluster.";
        MOST_MORE: u64 = 20_000, "steps", "The same where the first one took long.", "The violation is known.";
        SHORTENING: usize = 60_000, "steps", "Steps walked to make a run shorter.",
            "The violation is known; a second or two on a large cluster.";
        FEW_RULES: usize = 400, "rules", "Rules of a system of which others are given most of the time.",
            "Most such systems are small enough to look at every state.";
        EAGER: u64 = 50_000, "steps", "Steps on a system of more rules before others are given most of the time as well.",
            "Most of what random runs find, they find soon: a few seconds on a large cluster.";
        PAUSE: u32 = 7, "parts", "Pause after a random run then, in parts of its own time.",
            "The exhaustive search keeps the processor.";
    }

    /// Solvers.
    solvers {
        WATCH: Duration = 10, "ms", "Time between two looks at reasons to stop a solver.",
            "Short against what people notice, long against what a look costs.";
    }

    /// Memory. How much there may be is `--memory`.
    memory_watch {
        LOOK: Duration = 50, "ms", "Time between two looks at the memory of the process.",
            "It grows by some hundred MiB in that time at most, and a quarter of the machine is left by default.";
        MORE: u64 = 16, "parts", "One such part of `--memory`, at most twice, may be added by a search that begins with a large process.",
            "What earlier searches freed may stay with the process without being in use.";
    }

    /// Proofs.
    proof {
        MOST_WEIGHTS: usize = 400, "weights", "Weights of one linear program about what rules add.",
            "Larger programs take long, and weights that alike nodes or objects share were tried before.";
        LARGEST_WEIGHT: i64 = 64, "", "Largest weight of a variable in a measure.",
            "Rules add small numbers; what needs larger ones is found one measure after the other.";
        MOST_PAIRS: usize = 400, "pairs", "Pairs of rules that are compared to see if a sum goes one way.",
            "Each is a question to a solver.";
        MOST_COUNTS: usize = 8, "counts", "Counts of a sum that is also looked at without each of them.",
            "Pods of a workload on a node are in a few phases.";
        MOST_WRITERS: usize = 16, "rules", "Rules that may change a sum for which a bound is tried.",
            "A bound that many rules have to keep says what their guards say already.";
        MOST_WAYS: usize = 12, "ways", "Ways in which runs may stay in a bad state that are looked at one by one.",
            "Those of one workload are a few; those of all workloads are questions of their own.";
        MOST_SOURCES: usize = 24, "counts", "Counts of which it is tried whether there is one more of them where somebody waits.",
            "Those that rules turn into what is missing in two steps are among the first.";
        LARGEST_CONDITION: usize = 100, "terms", "Size of a condition that questions about single rules keep, sums not counted.",
            "Larger ones compare whole clusters; leaving them out allows more.";
        EACH_RULE: Duration = 100, "ms", "Time for each rule of a system, to find what single rules show.",
            "Large systems, which nothing else decides, get more.";
        EACH_RULE_AT_FIRST: Duration = 5, "ms", "The same before anybody looks at states.",
            "What is shown at all is most often shown soon; who looks at states finds violations meanwhile.";
        AT_LEAST: Duration = 1000, "ms", "Least time to find what single rules show.", "Small systems are searched as well.";
        ONE_SUM: Duration = 300, "ms", "Time for one question about sums, as long as there are others to ask.",
            "Split in two, a hard one becomes two that are easy.";
        FEW_NUMBERS: usize = 16, "numbers", "Numbers of a question about single rules that is asked as clauses.",
            "Sums of more are hard for clauses, and easy for integers.";
        ONE_STEP: Duration = 200, "ms", "Time for one question about one rule, or two.",
            "Such questions are small: they take a millisecond, or are too hard.";
        MOST_SEEN: usize = 40, "variables", "Variables that are looked at by themselves, to show that no loop changes one of them.",
            "Their states are walked; those of more are too many.";
        STATES_OF_COMPONENT: usize = 200_000, "states", "States of such variables.",
            "They are walked in less than a second; more are worse than what other proofs take.";
        ONE_COMPONENT: Duration = 3000, "ms", "Time to walk them.", "There may be several autoscalers.";
        TIMERS: Duration = 500, "ms", "Time to show that timers come to rest.",
            "Those of what happens once a period never do.";
        UNIT: i64 = 1 << 40, "", "What stands for certainty where inequalities stand for conditions.",
            "Quotients of amounts and capacities have to be exact to a thousandth.";
        SHOWN: usize = 8, "parts", "Parts of a sum that the words of a proof list.", "Longer sums say no more to people.";
        STARTS: usize = 10, "states", "Initial states that runs are sampled from.",
            "More runs contradict few guesses that these do not.";
        RUNS: usize = 2, "runs", "Runs sampled from each initial state.", "As above.";
        STEPS: usize = 100, "steps", "Steps of a sampled run.", "As above.";
        LONG_RUN: usize = 5000, "steps", "Steps of a run that looks for the premise of an intent.",
            "Events wait until hundreds of pods run.";
        REACHED: Duration = 2000, "ms", "Time of such runs.", "Most premises are met within a few steps.";
        ATTEMPTS: usize = 40, "attempts", "Attempts at picks that satisfy a constraint.",
            "A sampled run may go on with another rule.";
        START: Duration = 100, "ms", "One question about initial states.", "A wish for a value that takes longer is dropped.";
        STARTS_ENOUGH: Duration = 4000, "ms", "Time after which initial states need not differ in everything.",
            "Sampling is only the beginning of a proof.";
        MOST_GUESSES: usize = 1500, "guesses", "Guesses of one template.",
            "Each is a question at least; templates over pairs of slots grow with their square.";
        DIFFERENCE: i64 = 2, "pods", "Difference between interchangeable slots that is guessed.",
            "Controllers that spread evenly differ by one, and by two in the middle of a step.";
        INITIALLY: Duration = 500, "ms", "One question whether guesses hold initially.", "A guess that takes longer is dropped.";
        SIMPLE: Duration = 2000, "ms", "One question about simple guesses.", "A guess that takes longer is dropped.";
        OTHERS: Duration = 8000, "ms", "One question about other guesses.",
            "There are fewer of them, and the proof fails without.";
        DEEPEST: usize = 4, "steps", "Steps of an induction.", "Questions grow steeply with the steps.";
        INDUCTION: Duration = 10_000, "ms", "One induction over several steps.", "The next stage finds more invariants instead.";
        MEASURE: Duration = 5000, "ms", "One question about a measure.", "There are many candidates.";
        AT_ONCE: Duration = 1000, "ms", "One question about a measure and all rules at once in linear arithmetic.",
            "Rule by rule is slower and goes further.";
        ONE_CASE: Duration = 3000, "ms", "One question about a measure and one rule or one divisor.",
            "There is one for each rule.";
        ALL_CASES: Duration = 30_000, "ms", "All questions about a measure rule by rule.", "There are many candidates.";
        PREMISE_DEPTH: usize = 12, "steps", "Steps of a run that satisfies the premise of an intent.",
            "A proof says whether it is vacuous; deeper runs are left to the other engines.";
    }

    /// The search for verdicts.
    search {
        LARGE: usize = 80, "rules", "Rules from which on proofs from single rules come first.",
            "All states of a smaller system are often seen sooner, and tell which rules never fire.";
        HUGE: usize = 1000, "rules", "Rules from which on random runs begin beside these proofs, not behind them.",
            "The proofs of such systems may take many seconds, and random runs find what is violated in fewer.";
        TIMEOUT: Duration = 600_000, "ms", "All intents together, where nobody says otherwise.", "The patience of a pipeline.";
        FIRST_ROUND: Duration = 2000, "ms", "Time for one intent of several in the first round.",
            "Most intents need less, and the others have their turn soon.";
        GROWTH: u32 = 5, "times", "Growth of that time from round to round.",
            "A search begins anew in each round, which costs a quarter of the time at most.";
        GRACE: Duration = 200, "ms", "Time that the explicit engine has to end by itself.",
            "It then says how far it came; people hardly notice.";
        HEAD_START: Duration = 100, "ms", "Time before random runs begin beside the other engines.",
            "What is decided by then needs no random runs.";
        LINGER: Duration = 2000, "ms", "Time that random runs go on once all other engines have given up.",
            "Most of what they find, they find soon.";
        LONG: Duration = 4000, "ms", "Time after which people are told how large a search may become.",
            "Most searches are over by then.";
        MINIMISE: Duration = 30_000, "ms", "Making one violation small.", "The violation is known; only its size is at stake.";
        INSTEAD: Duration = 5000, "ms", "Finding a violation of few nodes and pods instead of the one that a random run found.",
            "Small clusters within the counts given are searched in that time; in one of given sizes nothing is.";
        NARROW: Duration = 5000, "ms", "Finding a run without over-approximation.", "The violation is known.";
        JUDGE: Duration = 10_000, "ms", "Finding out whether a violation is inevitable.", "The violation is known.";
        JUDGE_LARGE: Duration = 500, "ms", "Both of the former for a violation that only a random run found.",
            "What is decided about such a cluster is decided at once, or not at all.";
        COMPARED: usize = 2, "states", "States from which merged rules are compared with fine ones, for each intent that holds.",
            "Each takes milliseconds; in builds for tests there are eight.";
        COMPARED_OF_ALL: usize = 100, "states", "The same with `--cross-check`.", "As above.";
        COMPARED_STATES: usize = 3000, "states", "States looked at from each of them, in each of both systems.",
            "What comes to rest later is not compared. Without `--cross-check` a hundredth of what the search found, if less.";
        COMPARED_WHOLE: usize = 1000, "states", "States up to which the fine system is decided as well where an intent holds with merged rules.",
            "Some hundredths of a second; beyond that, states are compared. With `--cross-check` as many as a search may find.";
        MOST_OWNERS: usize = 3, "objects", "Objects named in the hint about the size of a search.", "The largest ones tell what to cut.";
        MOST_NAMED: usize = 40, "variables", "Variables named where both differ.", "The first ones tell which state it is.";
        BESIDE_STATES: usize = 100_000, "states", "States looked at to find out what happens if controllers are late.",
            "Half a second on a usual machine; states and not time decide, so that verdicts do not depend on the machine.";
        MOST_OUTCOMES: usize = 500, "outcomes", "Ways in which a cluster may rest with which intents compare.",
            "Each is asked for by a search of its own, and becomes a part of the claim.";
        BESIDE_MOST_STATES: usize = 300_000, "states", "The same where the paced search needed more.",
            "The paced answer does not wait for much longer than it took itself.";
        BESIDE: Duration = 1000, "ms", "Time for it, or as long as the paced searches took.",
            "The paced answer is known and waits.";
        BESIDE_MOST: Duration = 60_000, "ms", "Longest time for it.", "The paced answer is known and waits.";
        BESIDE_NODES: i64 = 2, "nodes", "Nodes of a pool that are looked at first for it.", "Most violations show on few.";
        BESIDE_PODS: i64 = 4, "pods", "Pods of a workload that are looked at first for it.", "Most violations show on few.";
        LASTS: Duration = 5000, "ms", "Finding out whether a violation passes.",
            "The violation is known; one that is not shown to pass counts as one that lasts.";
        POLL: Duration = 20, "ms", "Time between two looks for an interrupt of the user.",
            "Short against what people notice.";
        RECHECK: Duration = 20_000, "ms", "Each check of one verdict under `--cross-check`.",
            "How far a check got belongs to the report.";
        RECHECK_DEPTH: usize = 10, "steps", "Steps that a solver looks at again where a verdict covers every depth.",
            "Questions grow steeply with the steps.";
        QUESTION_DEPTH: usize = 10, "steps", "Steps of an exported or proved question without `--depth`.",
            "Questions grow steeply with the steps.";
        INITIAL_TRIES: usize = 200, "states", "Random initial states tried by `simulate`.",
            "Conditions that few states satisfy are left to the search.";
        PICK_TRIES: usize = 2000, "picks", "Random picks tried for one rule by `simulate`.", "The run may go on with another rule.";
    }

    /// Changes that repair violations.
    repair {
        TIME: Duration = 10_000, "ms", "Time for repairs of all violations of a run, unless a flag says otherwise.",
            "The verdicts are there already, and nobody waits longer for advice.";
        EACH: u32 = 40, "%", "Largest part of that time for deciding one change.",
            "One that is hard to decide must not keep others from being tried.";
        MOST_TRIES: usize = 60, "changes", "Changes of one field that are decided for a violation.",
            "The most promising ones come first; a number, and no time, keeps what is found the same on every machine.";
        MOST_PAIRED: usize = 8, "changes", "Changes of one field of which pairs are decided.",
            "Pairs are many, and a repair of two fields is rarely the one wanted.";
        MOST_REPAIRS: usize = 3, "repairs", "Repairs of a violation that are told.",
            "More to choose from help nobody, and each costs time.";
        MOST_TRADES: usize = 2, "changes", "Changes that are told although they violate another intent.",
            "They say what the violation turns on; which intent matters more, people know.";
        MOST_BLAMED: usize = 3, "fields", "Fields to blame that are underlined.",
            "The first one matters; more than a few lines nobody reads in five seconds.";
    }

    /// Values of fields that are tried.
    vary {
        MOST_COMBINATIONS: usize = 1000, "combinations", "Combinations of values that `vary` tries.",
            "Each may need a search of its own; more are beyond anybody's patience.";
        WIDEST_TABLE: usize = 100, "characters", "Width of a table of two fields.",
            "A wider one is told line by line: terminals are narrow.";
        MINIMISE: Duration = 2000, "ms", "Making one violation small.", "The value is known; the run is only an example.";
        FIRST_SHARE: u32 = 50, "%", "Part of its time that a whole range gets, before its parts are tried.",
            "If it is too hard, its parts need the rest.";
    }

    /// Runs on several machines.
    shards {
        MOST_SHARDS: u64 = 10_000, "shards", "Parts that a run is divided into.", "No fleet has more machines for one check.";
        PIECES_EACH: usize = 4, "pieces", "Pieces made for each part, if that many are possible.",
            "Each builds a model of its own; more of them would hardly even out the parts.";
        MOST_REPORT: u64 = 256 << 20, "bytes", "A report that `merge` reads.", "It is read as a whole.";
    }

    /// Reports.
    report {
        MOST_FIELDS: usize = 4, "fields", "Fields of the input shown beside one verdict.", "The nearest ones tell the story.";
        MOST_PATHS: usize = 8, "fields", "Fields of one name that `explain` lists.", "Most kinds with pods have the same ones.";
        MOST_MENDED: usize = 3, "violations", "Other violations of the same cause that are named with a run or a repair.",
            "One cause can break every intent; the others are counted.";
        LEAST_WIDTH: usize = 60, "columns", "Least width of a terminal that lines are broken for.", "Steps need three columns of words.";
        LARGEST_WIDTH: usize = 160, "columns", "Largest width of a terminal that lines are broken for.", "Longer lines are hard to follow.";
        MOST_NOTES: usize = 8, "messages", "Messages about the input shown without `-v`.", "The verdicts must stay in sight.";
        SCENE: Duration = 800, "ms", "Time to work out, once for a cluster, how its states look and what they wait for.",
            "The verdicts are there already, and the time limit is kept to a second.";
        FILM: Duration = 60_000, "ms", "Time to work out, once for a cluster, how its states look where somebody steps through a run.",
            "Whoever asks for it waits for nothing else.";
        MOST_PLACES: usize = 8, "lines", "Lines that tell where the pods are when a violation ends.",
            "Nodes that hold the same share a line; more than these tell nothing.";
        MOST_INSIDE: usize = 8, "lines", "Lines of what is inside of a field that pages show with it.", "The first ones tell what it is.";
        MOST_SHARES: usize = 6, "nodes", "Nodes of which a report tells what each plugin adds to their score, for one decision.",
            "The best ones tell why; all of them would be most of the report of a large cluster.";
        MOST_ALIKE: usize = 3, "nodes", "Nodes named in one of these lines.", "The others are counted.";
        MOST_WAITS: usize = 5, "waits", "Reasons told for which something cannot go on.", "The nearest ones tell the story.";
        LONGEST_LINE: usize = 400, "characters", "Longest line of a file that is shown.", "Terminals are narrow.";
        FOLD: usize = 4, "steps", "Fewest alike steps that are folded into one line.", "Fewer read as well one by one.";
        MOST_DIAGRAM: usize = 5000, "characters", "A diagram, or all diagrams of a page.", "Hosts draw no larger ones.";
        MOST_COMMENT: usize = 60_000, "bytes", "Markdown after which runs are no longer told step by step.",
            "Comments at GitHub have at most 65 536 characters.";
        MOST_LEAD: usize = 12, "lines", "Lines of a diagram before its loop.", "The loop is what it shows.";
        MOST_FLOW: usize = 10_000, "steps", "Steps of a code flow in SARIF.", "GitHub reads no more.";
        MOST_REASONS: usize = 3, "reasons", "Reasons given for one action that no run performs.", "The nearest ones tell the story.";
        MOST_MISMATCHES: usize = 10, "mismatches", "Mismatches that `conform` shows without `-v`.", "The first ones cause the others.";
        MOST_ACTIONS: usize = u16::MAX as usize, "actions", "Actions of a recording.", "They are numbered by 16 bits.";
        GLANCE: Duration = 5, "ms", "Time between two looks at the memory of a program that `compare` runs.",
            "The system keeps the peak, so only growth in the last moment goes unseen.";
        REDRAW: Duration = 200, "ms", "Time between two pictures of the progress.", "Faster is a flicker.";
    }
}
