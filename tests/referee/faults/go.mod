module kubound.dev/referee/faults

go 1.24.0
