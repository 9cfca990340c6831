-- A server of before does not know the state blank: this step shuts it out of the school.
-- mark: Clustered by sheet: a sheet is one or two pages. Where nothing was ever entered there is no row; where a mark was cleared, the row has the state blank, with who cleared it and when. Score in hundredths.
do 0;
