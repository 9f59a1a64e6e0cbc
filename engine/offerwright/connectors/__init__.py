"""Operations become HTTP flows, answers become outcomes; what differs between marketplaces is data."""
