"""Invented national totals, of a size that the unit makes believable: none is the report's."""

MARKET = {
    "wechat_friends": 6.2e10,
    "wechat_groups": 1.1e9,
    "wechat_accounts": 1.2e7,
    "wechat_messages": 3.6e12,
    "wechat_moments": 1.5e11,
    "wechat_likes": 4.1e11,
    "wechat_comments": 2.2e11,
    "qq_messages": 5.0e12,
    "qq_group_messages": 2.4e12,
    "qq_emoji": 6.0e11,
    "qq_files": 9.0e9,
    "qq_images": 3.5e11,
    "qq_voice_messages": 5.0e10,
    "qq_video_calls": 2.2e10,
    "qq_voice_calls": 3.0e10,
    "qq_blog": 4.0e9,
    "qq_album": 2.6e10,
    "qq_shuoshuo": 1.2e11,
    "qq_shares": 3.0e10,
    "qq_likes": 2.5e11,
    "qq_friends": 3.2e10,
    "qq_groups": 4.5e8,
    "news_comments": 3.2e9,
    "news_clicks": 4.1e11,
    "video_clicks": 2.8e11,
    "game_logins": 1.3e11,
    "game_hours": 7.0e10,
}
TECHNOLOGY = {
    "cloud_spend": 2.1e9,
    "cvm_cores": 6.4e5,
    "idc_bandwidth": 9.0e6,
    "cdn_traffic": 7.0e9,
    "cdb_storage": 1.8e7,
}
ACCOUNTS = {
    "followers": 9.0e9,
    "active_followers": 2.4e9,
    "articles": 1.6e7,
    "reshares": 2.2e8,
    "pageviews": 5.5e9,
    "menu_clicks": 8.0e8,
    "menu_users": 2.6e8,
    "service_calls": 1.1e9,
    "template_calls": 1.5e9,
    "pay_enabled": 4.2e5,
    "pay_count": 3.1e9,
    "pay_amount": 2.6e11,
}
SERVICES = {
    "jd_buyers": 1.55e8,
    "jd_orders": 1.2e9,
    "jd_value": 4.6e11,
    "didi_orders": 1.4e9,
    "didi_drivers": 1.35e7,
    "ctrip_dau": 6.5e6,
    "ctrip_nights": 1.1e8,
    "ctrip_flights": 9.5e7,
    "ctrip_hotels": 3.6e5,
    "xmd_value": 1.7e11,
    "xmd_orders": 3.6e9,
    "xmd_views": 4.0e10,
    "xmd_searches": 7.5e9,
    "xmd_merchants": 3.0e6,
}
# Part of the services' official-account traffic that the other two branches of industry have.
BRANCHES = {"agriculture": 0.05, "manufacturing": 0.15, "services": 1.0}

NATIONAL_TOTALS = {
    **{f"infra.market.{name}": total for name, total in MARKET.items()},
    **{f"infra.tech.{name}": total for name, total in TECHNOLOGY.items()},
    **{
        f"industry.{branch}.{name}": total * part
        for branch, part in BRANCHES.items()
        for name, total in ACCOUNTS.items()
    },
    **{f"industry.services.{name}": total for name, total in SERVICES.items()},
    # Apps count in millions: a whole app must be far less than the last printed digit of a city.
    "innovation.apps": 2.4e6,
    "innovation.projects": 9.6e4,
}
