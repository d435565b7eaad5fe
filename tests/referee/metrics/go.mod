module kubound.dev/referee/metrics

go 1.24.0
