#!/usr/bin/awk -f
# Hourly CSV to monthly means: awk -f scripts/monthly.awk latest.csv
BEGIN { FS = ","; OFS = "\t"; print "month", "hours", "mean_level_m", "max_level_m" }
NR > 1 {
  month = substr($1, 1, 7)
  if (!(month in hours)) order[++months] = month
  hours[month]++
  sum[month] += $2
  if ($2 > max[month]) max[month] = $2
}
END {
  for (i = 1; i <= months; i++) {
    month = order[i]
    printf "%s\t%d\t%.3f\t%.3f\n", month, hours[month], sum[month] / hours[month], max[month]
  }
}
